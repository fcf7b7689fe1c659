-- After an answer that did not come: nothing sent before may be done any more; then, what stands. The epoch may have
-- moved on.
-- KEYS: 1 head, 2 nodes, 3 journal, 4 changes, 5 floors.
-- ARGV: 1 node, 2 token, 3 installation, 4 epoch, 5 last attempt, 6 sequence and 7 hash this node builds on, 8 hash of the
-- row it sent, or ''.
local head = redis.call('HMGET', KEYS[1], 'id', 'epoch', 'sequence', 'hash')
if head[1] ~= ARGV[3] or tonumber(head[2]) < tonumber(ARGV[4]) then
  return {'strange', head[1] or '', head[2] or '', head[3] or '', head[4] or ''}
end
if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then
  return {'fenced'}
end
-- Never lower: a look may itself come late.
local floor = tonumber(redis.call('HGET', KEYS[5], ARGV[1]) or '0')
redis.call('HSET', KEYS[5], ARGV[1], string.format('%.0f', math.max(floor, tonumber(ARGV[5]))))
if not stands(KEYS[3], ARGV[6], ARGV[7]) then
  return {'lost', head[3], head[4]}
end
local sent = string.format('%.0f', tonumber(ARGV[6]) + 1)
if ARGV[8] ~= '' and stands(KEYS[3], sent, ARGV[8]) then
  local change = redis.call('XRANGE', KEYS[4], sent .. '-0', sent .. '-0')[1]
  return {'stands', head[2], head[3], head[4], change and change[2][8] or false}
end
return {'absent', head[2], head[3], head[4]}
