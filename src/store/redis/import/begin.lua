-- Begins to take a store over; what an earlier attempt left behind goes.
-- KEYS: 1 head, 2 journal, 3 changes; then every records and order there can be.
-- ARGV: 1 token, 2 installation, 3 genesis hash.
local head = redis.call('HMGET', KEYS[1], 'id', 'moving')
if head[1] and not head[2] then
  return {'inhabited', head[1]}
end
if not head[1] and redis.call('EXISTS', unpack(KEYS, 2)) > 0 then
  return {'headless'}
end
redis.call('DEL', unpack(KEYS))
redis.call('HSET', KEYS[1], 'id', ARGV[2], 'epoch', '1', 'sequence', '0', 'hash', ARGV[3], 'format', '1', 'moving', ARGV[1])
return {'begun'}
