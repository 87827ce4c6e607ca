local TASKS = 1000
local TURNS = 4000

local Scheduler = {}
Scheduler.__index = Scheduler

function Scheduler.new()
  return setmetatable({ ready = {}, first = 1, last = 0, started = 0, ended = 0, served = 0 }, Scheduler)
end

function Scheduler:append(task)
  self.last = self.last + 1
  self.ready[self.last] = task
end

function Scheduler:start(body)
  self.started = self.started + 1
  self:append({ number = self.started, coroutine = coroutine.create(body), answer = nil })
end

function Scheduler:run()
  local ready, resume, status = self.ready, coroutine.resume, coroutine.status
  while self.first <= self.last do
    local task = ready[self.first]
    ready[self.first] = nil
    self.first = self.first + 1
    local ok, request = resume(task.coroutine, task.answer)
    if not ok then error(request) end
    if status(task.coroutine) == "dead" then
      self.ended = self.ended + 1
    else
      self.served = self.served + 1
      if request == "who am I" then task.answer = task.number else task.answer = nil end
      self:append(task)
    end
  end
end

local function worker(results)
  local me = coroutine.yield("who am I")
  local work = 0
  for turn = 0, TURNS - 1 do
    coroutine.yield("next please")
    work = work + turn % 5
  end
  results[#results + 1] = work + me
end

local scheduler = Scheduler.new()
local results = {}
for _ = 1, TASKS do
  scheduler:start(function() worker(results) end)
end
scheduler:run()
local sum = 0
for i = 1, #results do sum = sum + results[i] end
print(string.format("%d %d %d", scheduler.ended, scheduler.served, sum))
