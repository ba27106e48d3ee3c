-- Takes units from several budgets, from all of them or none. Runs as one, and reads the server's clock, so that the callers' clocks do not matter.
-- KEYS: one hash per budget, part of the window -> units spent in it.
-- ARGV: parts of a window, then per budget: units wanted, limit, milliseconds of a part.
-- Answers: 1 when taken, then per budget: units spent, milliseconds until units come back, milliseconds until the wanted ones fit (-1: never).
local parts = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local budgets = {}
local fits = 1
for i, key in ipairs(KEYS) do
  local amount, limit, partMs = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local current = math.floor(now / partMs)
  local all = redis.call('HGETALL', key)
  local kept, stale, spent = {}, {}, 0
  for j = 1, #all, 2 do
    local at = tonumber(all[j])
    if at < current - parts then
      stale[#stale + 1] = all[j]
    else
      kept[#kept + 1] = { at, tonumber(all[j + 1]) }
      spent = spent + tonumber(all[j + 1])
    end
  end
  if #stale > 0 then redis.call('HDEL', key, unpack(stale)) end
  if amount > 0 and spent + amount > limit then fits = 0 end
  budgets[i] = { key = key, amount = amount, limit = limit, partMs = partMs, current = current, kept = kept, spent = spent }
end
local answer = { fits }
for _, budget in ipairs(budgets) do
  if fits == 1 and budget.amount > 0 then
    redis.call('HINCRBY', budget.key, string.format('%d', budget.current), string.format('%d', budget.amount))
    redis.call('PEXPIRE', budget.key, (parts + 2) * budget.partMs)
    budget.spent = budget.spent + budget.amount
    if #budget.kept == 0 then budget.kept[1] = { budget.current, budget.amount } end
  end
  table.sort(budget.kept, function(a, b) return a[1] < b[1] end)
  local function leaves(part) return math.max(1, (part[1] + parts + 1) * budget.partMs - now) end
  local fitsIn = 0
  if fits == 0 then
    local over = budget.spent + budget.amount - budget.limit
    if budget.amount > budget.limit then
      fitsIn = -1
    else
      for _, part in ipairs(budget.kept) do
        if over <= 0 then break end
        over = over - part[2]
        fitsIn = leaves(part)
      end
    end
  end
  answer[#answer + 1] = budget.spent
  answer[#answer + 1] = budget.kept[1] and leaves(budget.kept[1]) or 0
  answer[#answer + 1] = fitsIn
end
return answer
