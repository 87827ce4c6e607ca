local N = 12000000
local function single(k) return coroutine.wrap(function() coroutine.yield(k) end) end
local seen = 0
for k = 0, N - 1 do
  for x in single(k) do seen = seen + x end
end
print(string.format("%d", seen))
