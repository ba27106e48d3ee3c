-- Counts units as spent without asking; negative ones are given back, from the newest part on.
-- KEYS: one hash per budget. ARGV: parts of a window, then per budget: units, milliseconds of a part.
local parts = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i, key in ipairs(KEYS) do
  local units, partMs = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  if units > 0 then
    redis.call('HINCRBY', key, string.format('%d', math.floor(now / partMs)), string.format('%d', units))
    redis.call('PEXPIRE', key, (parts + 2) * partMs)
  elseif units < 0 then
    local left = -units
    local ats = redis.call('HKEYS', key)
    table.sort(ats, function(a, b) return tonumber(a) > tonumber(b) end)
    for _, at in ipairs(ats) do
      if left <= 0 then break end
      local held = tonumber(redis.call('HGET', key, at))
      local taken = math.min(left, held)
      left = left - taken
      if taken == held then redis.call('HDEL', key, at) else redis.call('HINCRBY', key, at, string.format('%d', -taken)) end
    end
  end
end
return 1
