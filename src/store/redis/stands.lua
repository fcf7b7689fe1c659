-- Whether the row a node has seen last is still a row of this journal.
local function stands(journal, sequence, hash)
  if sequence == '0' then
    return true
  end
  local row = redis.call('XRANGE', journal, sequence .. '-0', sequence .. '-0')[1]
  return row and row[2][8] == hash
end
