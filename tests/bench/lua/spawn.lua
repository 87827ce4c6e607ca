-- Rounds over the coroutines that are ready; who gives way is ready again in the next round.
local TASKS = 200000
local TURNS = 5

local ready = {}
local results = {}

local function give_way()
  ready[#ready + 1] = coroutine.running()
  coroutine.yield()
end

local function worker(k)
  for _ = 1, TURNS do give_way() end
  results[k] = k % 10
end

for k = 0, TASKS - 1 do ready[k + 1] = coroutine.create(function() worker(k) end) end
while #ready > 0 do
  local round = ready
  ready = {}
  for i = 1, #round do assert(coroutine.resume(round[i])) end
end
local sum = 0
for k = 0, TASKS - 1 do sum = sum + results[k] end
print(string.format("%d", sum))
