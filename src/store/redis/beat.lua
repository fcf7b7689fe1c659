-- A node lives. Who has not beaten for a lease does not: it is struck off, and what only one node may do is free again.
-- KEYS: 3 beats, 4 floors, 5 roles, 6 journal. ARGV: 5 lease in ms, 6 sequence and 7 hash of the newest row it has seen.
if not stands(KEYS[6], ARGV[6], ARGV[7]) then
  return {'lost', head[3], head[4]}
end
local lease = tonumber(ARGV[5])
local beats = beats_of(KEYS[3], lease)
beats[ARGV[1]] = now
redis.call('HSET', KEYS[3], ARGV[1], string.format('%.0f', now))
local answer, dead = {'alive', 0}, {}
for node, beat in pairs(beats) do
  if beat < now - lease then
    dead[node] = true
    answer[2] = answer[2] + 1
    redis.call('HDEL', KEYS[2], node)
    redis.call('HDEL', KEYS[3], node)
    redis.call('HDEL', KEYS[4], node)
  else
    answer[#answer + 1] = tonumber(node)
  end
end
if answer[2] > 0 then
  local roles = redis.call('HGETALL', KEYS[5])
  for i = 1, #roles, 2 do
    if dead[roles[i + 1]] then
      redis.call('HDEL', KEYS[5], roles[i])
    end
  end
end
return answer
