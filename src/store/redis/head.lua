-- Where the journal ends, if what this node has seen is part of it.
-- KEYS: 3 journal. ARGV: 5 sequence and 6 hash of the newest row this node has seen.
if not stands(KEYS[3], ARGV[5], ARGV[6]) then
  return {'lost', head[3], head[4]}
end
return {'head', head[3], head[4]}
