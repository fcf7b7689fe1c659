-- Records as they stood, with their versions.
-- KEYS: 1 head, 2 records of a kind, 3 their order. ARGV: 1 token; then key and version, checksum, value of each.
if redis.call('HGET', KEYS[1], 'moving') ~= ARGV[1] then
  return {'overtaken'}
end
for at = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
  redis.call('ZADD', KEYS[3], 0, ARGV[at])
end
return {'taken'}
