-- Parts of shared limits. The parts that hold good never come to more than the limit: a node gets its fair share as far
-- as it is free, and who has more than a fair share gets less when it asks again. What was given holds good to its end
-- for the others, also when less was given since: the answer that says so may still be on its way.
-- KEYS: from 3 on one for each limit: node → what it could use, then part and end of each part that may hold good.
-- ARGV: 5 how long a part holds good in ms; then for each limit its rate and what this node could use.
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

-- What a node wants, the most that may hold good of what it was given, and the parts it was given.
local function read(text)
  local numbers, given, most = {}, {}, 0
  for number in string.gmatch(text, '%S+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  for i = 2, #numbers, 2 do
    if numbers[i + 1] > exact then
      most = math.max(most, numbers[i])
      given[#given + 1] = {numbers[i], numbers[i + 1]}
    end
  end
  return numbers[1], most, given
end

for limit = 3, #KEYS do
  local rate, own = tonumber(ARGV[2 * limit]), tonumber(ARGV[2 * limit + 1])
  local listed = redis.call('HGETALL', KEYS[limit])
  local taken, wants, before = 0, {}, {}
  for i = 1, #listed, 2 do
    local want, most, given = read(listed[i + 1])
    if listed[i] == ARGV[1] then
      before = given
    elseif #given > 0 then
      taken = taken + most
      wants[#wants + 1] = want
    else
      redis.call('HDEL', KEYS[limit], listed[i])
    end
  end
  local part = 0
  if own > 0 then
    part = math.max(0, math.min(fair(rate, wants, own), rate - taken))
    local kept = {string.format('%.17g', own)}
    for _, given in ipairs(before) do
      if given[1] > part then
        kept[#kept + 1] = string.format('%.17g %.6f', given[1], given[2])
      end
    end
    kept[#kept + 1] = string.format('%.17g %.6f', part, exact + valid)
    redis.call('HSET', KEYS[limit], ARGV[1], table.concat(kept, ' '))
    redis.call('PEXPIRE', KEYS[limit], 60000)
  else
    redis.call('HDEL', KEYS[limit], ARGV[1])
  end
  answer[#answer + 1] = string.format('%.17g', part)
end
return answer
