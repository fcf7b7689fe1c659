-- One group commit: all of it or nothing.
-- KEYS: 3 journal, 4 changes, 5 floors; then for each kind of record its records and their order.
-- ARGV: 5 attempt, 6 sequence and 7 hash this node builds on, 8 hash of the new row, 9 its time, 10 its checksum,
-- 11 its data, 12 rows and 13 bytes of changes that are kept, 14 numbers of the kinds of records, in the order of KEYS;
-- then for each put: which commit, position of its kind, expected version or '', key, checksum and value or ''.
local FIRST, WIDTH = 15, 5

local floor = redis.call('HGET', KEYS[5], ARGV[1])
if floor and tonumber(ARGV[5]) <= tonumber(floor) then
  return {'late'}
end
if head[3] ~= ARGV[6] or head[4] ~= ARGV[7] then
  if not stands(KEYS[3], ARGV[6], ARGV[7]) then
    return {'lost', head[3], head[4]}
  end
  return {'moved', head[3], head[4]}
end

local spaces = {}
for number in string.gmatch(ARGV[14], '%d+') do
  spaces[#spaces + 1] = tonumber(number)
end
local function records(kind) return KEYS[4 + 2 * kind] end
local function order(kind) return KEYS[5 + 2 * kind] end

-- Versions as they will stand, by kind and key; 0 = no such record.
local standing = {}
local function version_of(kind, key)
  local known = standing[kind]
  if not known then
    known = {}
    standing[kind] = known
  end
  if not known[key] then
    local stored = redis.call('HGET', records(kind), key)
    known[key] = stored and struct.unpack('<I8', stored) or 0
  end
  return known[key]
end

local versions, conflicts = {}, {'conflict'}
local i = FIRST
while i <= #ARGV do
  local commit, from, holds = ARGV[i], i, true
  while i <= #ARGV and ARGV[i] == commit do
    if holds and ARGV[i + 2] ~= '' then
      local version = version_of(tonumber(ARGV[i + 1]), ARGV[i + 3])
      if version ~= tonumber(ARGV[i + 2]) then
        holds = false
        conflicts[#conflicts + 1] = (i - FIRST) / WIDTH
        conflicts[#conflicts + 1] = version
      end
    end
    i = i + WIDTH
  end
  for put = from, holds and i - 1 or 0, WIDTH do
    local kind, key = tonumber(ARGV[put + 1]), ARGV[put + 3]
    local version = ARGV[put + 4] ~= '' and version_of(kind, key) + 1 or 0
    if not standing[kind] then standing[kind] = {} end
    standing[kind][key] = version
    versions[#versions + 1] = version
  end
end
if #conflicts > 1 then
  return conflicts
end

local changed, bytes = {}, #ARGV[11]
for number = 1, #versions do
  local put = FIRST + (number - 1) * WIDTH
  local kind, key, value, version = tonumber(ARGV[put + 1]), ARGV[put + 3], ARGV[put + 4], versions[number]
  if version == 0 then
    redis.call('HDEL', records(kind), key)
    redis.call('ZREM', order(kind), key)
  else
    redis.call('HSET', records(kind), key, struct.pack('<I8', version) .. value)
    if version == 1 then
      redis.call('ZADD', order(kind), 0, key)
    end
  end
  changed[#changed + 1] = struct.pack('<BI4I8I4', spaces[kind], #key, version, #value)
  changed[#changed + 1] = key
  changed[#changed + 1] = value
  bytes = bytes + 17 + #key + #value
end

local sequence = tonumber(ARGV[6]) + 1
local id = string.format('%.0f-0', sequence)
local total = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'bytes', bytes))
redis.call('XADD', KEYS[3], id, 'a', ARGV[9], 'e', ARGV[4], 'n', ARGV[1], 'h', ARGV[8], 'c', ARGV[10], 'd', ARGV[11])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[12], id, 'n', ARGV[1], 'h', ARGV[8], 't', total, 'p', table.concat(changed))
redis.call('HSET', KEYS[1], 'sequence', string.format('%.0f', sequence), 'hash', ARGV[8])

-- Now and then the oldest quarter of the changes goes, until what is left fits.
if sequence % 64 == 0 then
  local kept = redis.call('XLEN', KEYS[4])
  while kept > 16 do
    local oldest = redis.call('XRANGE', KEYS[4], '-', '+', 'COUNT', 1)[1][2]
    if tonumber(total) - tonumber(oldest[6]) <= tonumber(ARGV[13]) then
      break
    end
    kept = kept - math.ceil(kept / 4)
    redis.call('XTRIM', KEYS[4], 'MAXLEN', kept)
  end
end

table.insert(versions, 1, 'stands')
return versions
