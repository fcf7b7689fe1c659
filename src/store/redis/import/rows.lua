-- Rows of the journal as they stood.
-- KEYS: 1 head, 2 journal. ARGV: 1 token; then sequence, time, hash, checksum and data of each.
if redis.call('HGET', KEYS[1], 'moving') ~= ARGV[1] then
  return {'overtaken'}
end
for at = 2, #ARGV, 5 do
  redis.call('XADD', KEYS[2], ARGV[at] .. '-0', 'a', ARGV[at + 1], 'e', '1', 'n', '0', 'h', ARGV[at + 2],
    'c', ARGV[at + 3], 'd', ARGV[at + 4])
end
return {'taken'}
