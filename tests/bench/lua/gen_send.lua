local N = 24000000
local g = coroutine.wrap(function()
  local sum = 0
  while true do sum = sum + coroutine.yield(sum) end
end)
local last = g()
for k = 0, N - 1 do last = g(k) end
print(string.format("%d", last))
