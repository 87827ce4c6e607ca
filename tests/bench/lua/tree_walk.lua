-- One coroutine a level, as the generators do; plain nested calls would be the other way.
local LEVELS = 16
local ROUNDS = 30
local floor = math.floor
local function grow(low, high)
  if low == high then return nil end
  local middle = floor((low + high) / 2)
  return {key = middle, left = grow(low, middle), right = grow(middle + 1, high)}
end
local function keys(node)
  return coroutine.wrap(function()
    if node then
      for k in keys(node.left) do coroutine.yield(k) end
      coroutine.yield(node.key)
      for k in keys(node.right) do coroutine.yield(k) end
    end
  end)
end
local function xor(a, b)
  local result, bit = 0, 1
  while a > 0 or b > 0 do
    if a % 2 ~= b % 2 then result = result + bit end
    a, b, bit = floor(a / 2), floor(b / 2), bit * 2
  end
  return result
end
local low_bits = {}
local root = grow(0, 2 ^ LEVELS - 1)
local seen = 0
for r = 0, ROUNDS - 1 do
  for i = 0, 31 do low_bits[i] = xor(i, r) - i end
  for key in keys(root) do seen = seen + key + low_bits[key % 32] end
end
print(string.format("%d", seen))
