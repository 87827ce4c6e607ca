local TASKS = 1000
local N = 8000000
local ready, first, last = {}, 1, 0
for k = 0, TASKS - 1 do
  last = last + 1
  ready[last] = coroutine.wrap(function() while true do coroutine.yield(k) end end)
end
local seen = 0
for _ = 1, N do
  local t = ready[first]
  ready[first] = nil
  first = first + 1
  seen = seen + t()
  last = last + 1
  ready[last] = t
end
print(string.format("%d", seen))
