-- What rows changed, until they are many or large.
-- KEYS: 3 changes, 4 journal. ARGV: 5 last row seen, 6 how many, 7 how many bytes.
local after, left, bytes = tonumber(ARGV[5]), tonumber(ARGV[6]), 0
if tonumber(head[3]) < after then
  return {'behind', head[3]}
end
if tonumber(head[3]) == after then
  return {'rows'}
end
local rows, expected = {'rows'}, after + 1
local next = string.format('%.0f-0', expected)
while left > 0 and bytes < tonumber(ARGV[7]) do
  local some = redis.call('XRANGE', KEYS[3], next, '+', 'COUNT', math.min(left, 16))
  if #some == 0 then
    break
  end
  for _, change in ipairs(some) do
    local id = change[1]
    if id ~= string.format('%.0f-0', expected) then
      return {'gone'}
    end
    local row = redis.call('XRANGE', KEYS[4], id, id)[1]
    if not row or row[2][8] ~= change[2][4] then
      return {'gone'}
    end
    rows[#rows + 1] = {id, row[2][2], row[2][8], row[2][10], row[2][12], change[2][2], change[2][8]}
    bytes = bytes + #row[2][12] + #change[2][8]
    left = left - 1
    expected = expected + 1
    next = '(' .. id
    if bytes >= tonumber(ARGV[7]) then
      break
    end
  end
end
if #rows == 1 then
  return {'gone'}
end
return rows
