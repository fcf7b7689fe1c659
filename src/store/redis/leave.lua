-- A node stops: its number, its beats and its roles go.
-- KEYS: 2 nodes, 3 beats, 4 floors, 5 roles.
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1])
local roles = redis.call('HGETALL', KEYS[5])
for i = 1, #roles, 2 do
  if roles[i + 1] == ARGV[1] then
    redis.call('HDEL', KEYS[5], roles[i])
  end
end
return {'left'}
