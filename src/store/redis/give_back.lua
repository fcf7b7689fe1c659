-- Gives a role back.
-- KEYS: 3 roles. ARGV: 5 role.
if redis.call('HGET', KEYS[3], ARGV[5]) == ARGV[1] then
  redis.call('HDEL', KEYS[3], ARGV[5])
end
return {'given back'}
