-- Takes a role unless a node that lives has it.
-- KEYS: 3 roles. ARGV: 5 role.
local holder = redis.call('HGET', KEYS[3], ARGV[5])
if holder and holder ~= ARGV[1] and redis.call('HEXISTS', KEYS[2], holder) == 1 then
  return {'held', 0}
end
redis.call('HSET', KEYS[3], ARGV[5], ARGV[1])
return {'held', 1}
