-- A ready queue of coroutines and queues that wake their reader: what asyncio does, written out.
local TASKS = 1000
local HOPS = 400000

local ready, first, last = {}, 1, 0

local function wake(co)
  last = last + 1
  ready[last] = co
end

local Queue = {}
Queue.__index = Queue

function Queue.new() return setmetatable({ first = 1, last = 0 }, Queue) end

function Queue:put(item)
  self.last = self.last + 1
  self[self.last] = item
  local reader = self.reader
  if reader then
    self.reader = nil
    wake(reader)
  end
end

function Queue:get()
  while self.first > self.last do
    self.reader = coroutine.running()
    coroutine.yield()
  end
  local item = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  return item
end

local passed = {}

local function station(k, mine, following)
  local count = 0
  while true do
    local left = mine:get()
    if left <= 0 then break end
    count = count + 1
    following:put(left - 1)
  end
  following:put(0)
  passed[k] = count
end

local queues = {}
for k = 0, TASKS - 1 do queues[k] = Queue.new() end
for k = 0, TASKS - 1 do
  wake(coroutine.create(function() station(k, queues[k], queues[(k + 1) % TASKS]) end))
end
queues[0]:put(HOPS)
while first <= last do
  local co = ready[first]
  ready[first] = nil
  first = first + 1
  assert(coroutine.resume(co))
end
local sum, min, max = 0, math.huge, 0
for k = 0, TASKS - 1 do
  sum = sum + passed[k]
  min = math.min(min, passed[k])
  max = math.max(max, passed[k])
end
print(string.format("%d %d %d", sum, min, max))
