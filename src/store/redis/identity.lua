-- Who asks, and whether this is the store it knows. Every script of an open engine begins with this.
-- KEYS: 1 head, 2 nodes. ARGV: 1 node, 2 its token, 3 installation, 4 epoch.
local head = redis.call('HMGET', KEYS[1], 'id', 'epoch', 'sequence', 'hash')
if head[1] ~= ARGV[3] or head[2] ~= ARGV[4] then
  return {'strange', head[1] or '', head[2] or '', head[3] or '', head[4] or ''}
end
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
  return {'fenced'}
end
