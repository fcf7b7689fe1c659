-- It is whole: from now on nodes may open it.
-- KEYS: 1 head. ARGV: 1 token, 2 sequence and 3 hash of the newest row.
if redis.call('HGET', KEYS[1], 'moving') ~= ARGV[1] then
  return {'overtaken'}
end
redis.call('HSET', KEYS[1], 'sequence', ARGV[2], 'hash', ARGV[3])
redis.call('HDEL', KEYS[1], 'moving')
return {'ended'}
