local N = 8000000
local Counter = {total = 0}
local c = {up = 0, down = 0}
for k = 0, N - 1 do
  c.up = c.up + 1
  c.down = c.up - k
  Counter.total = Counter.total + c.down
end
print(string.format("%d %d %d", c.up, c.down, Counter.total))
