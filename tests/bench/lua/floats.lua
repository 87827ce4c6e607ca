local N = 240000
local function body(x, y, vx, vy, mass) return {x = x, y = y, vx = vx, vy = vy, mass = mass} end
local function pull(a, b, dt)
  local dx = b.x - a.x
  local dy = b.y - a.y
  local d2 = dx * dx + dy * dy + 0.01
  local f = dt / (d2 * d2 ^ 0.5)
  a.vx = a.vx + dx * f * b.mass
  a.vy = a.vy + dy * f * b.mass
  b.vx = b.vx - dx * f * a.mass
  b.vy = b.vy - dy * f * a.mass
end
local function step(bodies, dt)
  for i = 1, #bodies do
    local a = bodies[i]
    for j = i + 1, #bodies do pull(a, bodies[j], dt) end
  end
  for i = 1, #bodies do
    local b = bodies[i]
    b.x = b.x + b.vx * dt
    b.y = b.y + b.vy * dt
  end
end
local bodies = {body(0.0, 0.0, 0.0, 0.0, 10.0), body(3.0, 0.0, 0.0, 1.8, 0.1), body(0.0, 5.0, -1.4, 0.0, 0.2), body(-8.0, 0.0, 0.0, -1.1, 0.05)}
for _ = 1, N do step(bodies, 0.001) end
local total = 0.0
for i = 1, #bodies do
  local b = bodies[i]
  total = total + 0.5 * b.mass * (b.vx * b.vx + b.vy * b.vy)
end
print(string.format("%d", math.floor(total * 1000000)))
