local N = 30000000
local function upto(n)
  return coroutine.wrap(function()
    local k = 0
    while k < n do coroutine.yield(k); k = k + 1 end
  end)
end
local seen = 0
for k in upto(N) do seen = seen + k end
print(string.format("%d", seen))
