-- Coroutines that wait, all of them held at once.
local N = 200000

local waiting, results = {}, {}
for k = 0, N - 1 do
  local co = coroutine.create(function()
    coroutine.yield()
    results[#results + 1] = k
  end)
  coroutine.resume(co)
  waiting[#waiting + 1] = co
end
for i = 1, #waiting do coroutine.resume(waiting[i]) end
local sum = 0
for i = 1, #results do sum = sum + results[i] end
print(string.format("%d", sum))
