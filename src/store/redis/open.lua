-- Registers a node, and makes an installation where there is none.
-- KEYS: 1 head, 2 nodes, 3 beats, 4 counter of nodes, 5 journal.
-- ARGV: 1 installation this machine knows or '', 2 one to make, 3 token, 4 lease in ms, 5 genesis hash.
local lease = tonumber(ARGV[4])
local head = redis.call('HMGET', KEYS[1], 'id', 'epoch', 'sequence', 'hash', 'format', 'moving')
if not head[1] then
  if ARGV[1] ~= '' then
    return {'emptied'}
  end
  if redis.call('EXISTS', KEYS[5]) == 1 then
    return {'headless'}
  end
  redis.call('HSET', KEYS[1], 'id', ARGV[2], 'epoch', '1', 'sequence', '0', 'hash', ARGV[5], 'format', '1')
  head = {ARGV[2], '1', '0', ARGV[5], '1'}
elseif ARGV[1] ~= '' and ARGV[1] ~= head[1] then
  return {'other', head[1]}
end
if head[6] then
  return {'moving'}
end
if head[5] ~= '1' then
  return {'newer', head[5] or ''}
end
beats_of(KEYS[3], lease)
local node = string.format('%.0f', redis.call('INCR', KEYS[4]))
redis.call('HSET', KEYS[2], node, ARGV[3])
redis.call('HSET', KEYS[3], node, string.format('%.0f', now))
return {'open', head[1], head[2], head[3], head[4], node}
