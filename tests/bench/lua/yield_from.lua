-- Stackful coroutines: the nested levels are plain calls.
local DEPTH = 10
local N = 1000000
local yield = coroutine.yield
local function values(n) for k = 0, n - 1 do yield(k) end end
local function level(depth, n)
  if depth == 1 then values(n) else level(depth - 1, n) end
  return nil
end
local seen = 0
for k in coroutine.wrap(function() level(DEPTH, N) end) do seen = seen + k end
print(string.format("%d", seen))
