local N = 1000000
local Thing = {}
Thing.__index = Thing
local function new(class, place, speed)
  return setmetatable({place = place, speed = speed, turns = 0}, class)
end
function Thing:step()
  self.place = self.place + self.speed
  if self:at_border() then self:turn() end
end
function Thing:at_border() return self.place > 100 or self.place < 0 end
function Thing:turn()
  self.speed = -self.speed
  self.turns = self.turns + 1
end
local Runner = setmetatable({}, Thing)
Runner.__index = Runner
function Runner:step()
  Thing.step(self)
  Thing.step(self)
end
local Jumper = setmetatable({}, Thing)
Jumper.__index = Jumper
function Jumper:at_border() return self.place > 300 or self.place < -300 end
function Jumper:turn()
  self.place = 0
  self.turns = self.turns + 1
end
local things = {new(Thing, 1, 3), new(Runner, 50, 2), new(Jumper, 0, 7), new(Thing, 99, -1)}
for _ = 1, N do
  for i = 1, #things do things[i]:step() end
end
local parts = {}
for i, thing in ipairs(things) do parts[i] = string.format("(%d, %d)", thing.place, thing.turns) end
print("[" .. table.concat(parts, ", ") .. "]")
