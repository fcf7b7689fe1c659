-- Parts of shared limits. The parts that hold good never come to more than the limit: a node gets its fair share as far
-- as it is free, and who has more than a fair share gets less when it asks again.
-- KEYS: from 3 on one for each limit. ARGV: 5 how long a part holds good in ms; then for each limit its rate and what
-- this node could use.
local valid = tonumber(ARGV[5])
local exact = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local answer = {'parts'}

-- Fills from the least demand up: who wants less than an even share of what is left gets that, and the others share on.
local function fair(rate, wants, own)
  local sorted = {own}
  for _, other in ipairs(wants) do
    sorted[#sorted + 1] = other
  end
  table.sort(sorted)
  local left, count = rate, #sorted
  for _, want in ipairs(sorted) do
    local even = left / count
    if want >= even then
      return math.min(own, even)
    end
    if want >= own then
      return own
    end
    left, count = left - want, count - 1
  end
  return own
end

for limit = 3, #KEYS do
  local rate, own = tonumber(ARGV[2 * limit]), tonumber(ARGV[2 * limit + 1])
  local listed = redis.call('HGETALL', KEYS[limit])
  local taken, wants = 0, {}
  for i = 1, #listed, 2 do
    local part, want, till = string.match(listed[i + 1], '^(%S+) (%S+) (%S+)$')
    if listed[i] ~= ARGV[1] then
      if tonumber(till) > exact then
        taken = taken + tonumber(part)
        wants[#wants + 1] = tonumber(want)
      else
        redis.call('HDEL', KEYS[limit], listed[i])
      end
    end
  end
  local part = 0
  if own > 0 then
    part = math.max(0, math.min(fair(rate, wants, own), rate - taken))
    redis.call('HSET', KEYS[limit], ARGV[1], string.format('%.17g %.17g %.6f', part, own, exact + valid))
    redis.call('PEXPIRE', KEYS[limit], 60000)
  else
    redis.call('HDEL', KEYS[limit], ARGV[1])
  end
  answer[#answer + 1] = string.format('%.17g', part)
end
return answer
