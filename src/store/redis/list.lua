-- Records of one kind in the order of their keys, until they are many or large.
-- KEYS: 1 records, 2 their order. ARGV: 1 from where, 2 how many, 3 how many bytes.
local keys = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
local listed, bytes = {}, 0
for _, key in ipairs(keys) do
  local value = redis.call('HGET', KEYS[1], key)
  if not value then
    return redis.error_reply('ERR a record has a place in the order and no value')
  end
  listed[#listed + 1] = key
  listed[#listed + 1] = value
  bytes = bytes + #value
  if bytes >= tonumber(ARGV[3]) then
    break
  end
end
return listed
