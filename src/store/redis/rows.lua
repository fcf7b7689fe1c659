-- Rows of the journal, until they are many or large.
-- KEYS: 1 journal. ARGV: 1 first sequence, 2 how many, 3 how many bytes.
local next, left, bytes = ARGV[1] .. '-0', tonumber(ARGV[2]), 0
local rows = {}
while left > 0 and bytes < tonumber(ARGV[3]) do
  local some = redis.call('XRANGE', KEYS[1], next, '+', 'COUNT', math.min(left, 16))
  if #some == 0 then
    break
  end
  for _, row in ipairs(some) do
    rows[#rows + 1] = {row[1], row[2][2], row[2][8], row[2][10], row[2][12]}
    bytes = bytes + #row[2][12]
    left = left - 1
    if bytes >= tonumber(ARGV[3]) then
      break
    end
    next = '(' .. row[1]
  end
end
return rows
