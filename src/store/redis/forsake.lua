-- A node saw rows that are gone: what follows belongs to another epoch, so that the lost rows are known when they return.
-- KEYS: 1 head. ARGV: 1 installation, 2 epoch, 3 sequence, 4 hash.
local head = redis.call('HMGET', KEYS[1], 'id', 'epoch', 'sequence', 'hash')
for i = 1, 4 do
  if head[i] ~= ARGV[i] then
    return 0
  end
end
return redis.call('HINCRBY', KEYS[1], 'epoch', 1)
