-- The store's own clock, in milliseconds, and what it makes of the beats of the nodes.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- When nobody could beat for half a lease, it was the store that was away or its clock that jumped: then all beats move
-- along, so that the first node that is back does not take the others for dead. Answers the beats by node.
local function beats_of(key, lease)
  local listed = redis.call('HGETALL', key)
  local newest
  for i = 2, #listed, 2 do
    newest = math.max(newest or 0, tonumber(listed[i]))
  end
  local gap = newest and now - newest or 0
  if math.abs(gap) <= lease / 2 then
    gap = 0
  end
  local beats = {}
  for i = 1, #listed, 2 do
    beats[listed[i]] = tonumber(listed[i + 1]) + gap
    if gap ~= 0 then
      redis.call('HSET', key, listed[i], string.format('%.0f', beats[listed[i]]))
    end
  end
  return beats
end
