-- Reserves of what all nodes may use together.
-- KEYS: 3 what is reserved. ARGV: 5 most, 6 units, 7 how long it is remembered in ms.
local reserved = tonumber(redis.call('GET', KEYS[3]) or '0')
local units = math.max(0, math.min(tonumber(ARGV[6]), tonumber(ARGV[5]) - reserved))
if units > 0 then
  redis.call('INCRBY', KEYS[3], string.format('%.0f', units))
  redis.call('PEXPIRE', KEYS[3], ARGV[7])
end
return {'reserved', units}
