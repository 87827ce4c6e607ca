local N = 400000
local function counting(k)
  return coroutine.wrap(function()
    while true do coroutine.yield(k); k = k + 1 end
  end)
end
local alive = {}
for k = 0, N - 1 do
  local g = counting(k)
  g()
  alive[#alive + 1] = g
end
local seen = 0
for i = 1, #alive do seen = seen + alive[i]() end
print(string.format("%d", seen))
