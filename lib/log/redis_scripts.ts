/**
 * What Redis itself does for the log: scripts in Lua, each of them one atomic step.
 *
 * Keys, after the prefix: `store` (whose life it is, and the epoch), `epochs` (ordinal by id); of a channel `c:`
 * (head, first …), `e:` (entries by offset, as JSON), `r:` (offset by author and ref); `a:` (an author's
 * messages), `authors`, `copies` (direct messages by time and id), `names` (channels that hold something), `due`
 * (when something of a channel may go), `b:` (an instance's last batch), `m:` (buckets). The topic `t:` of a
 * channel tells what was appended to it.
 *
 * A channel is a hash, not a stream: a deletion must take a body out of the middle, and a page is a range of
 * offsets that are known.
 *
 * @module
 */

import { EPOCHS_MAX, REF_KNOWN_MS_MIN, RETENTION_STEP_ENTRIES } from "../limits.ts";
import type { Script } from "./redis_script.ts";

/** In Lua: a token bucket for each key, as in `rate_limiter.ts`, by the clock of Redis. */
export const PAY: string = String.raw`
local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end

-- 0, or the milliseconds until there is a token.
local function pay(key, interval, tolerance)
  if interval <= 0 then return 0 end
  local now = now_ms()
  local full = math.max(now, tonumber(redis.call('GET', key)) or 0)
  local wait = full - now - tolerance
  if wait > 0 then return wait end
  full = full + interval
  redis.call('SET', key, string.format('%.3f', full), 'PX', math.ceil(full - now) + 1000)
  return 0
end
`;

/** In Lua: the first arguments of every script of the log, and what several of them do. */
export const COMMON: string = String.raw`
local P, KNOWN, STEP, EPOCHS_MAX = KEYS[1], ${REF_KNOWN_MS_MIN}, ${RETENTION_STEP_ENTRIES}, ${EPOCHS_MAX}
local LIFE, NEW_EPOCH, MAX, NOW = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local RETAINED_MS = math.max(KNOWN, tonumber(ARGV[5]))

local function int(n) return string.format('%.0f', n) end

-- The epoch of now. Another one begins with another life of Redis's process, and where something is lost.
local function epoch(is_lost)
  local store = redis.call('HMGET', P .. 'store', 'life', 'epoch', 'ordinal')
  if store[1] == LIFE and not is_lost then return store[2], tonumber(store[3]) end
  local ordinal = (tonumber(store[3]) or 0) + 1
  redis.call('HSET', P .. 'store', 'life', LIFE, 'epoch', NEW_EPOCH, 'ordinal', ordinal)
  redis.call('ZADD', P .. 'epochs', ordinal, NEW_EPOCH)
  redis.call('ZREMRANGEBYSCORE', P .. 'epochs', '-inf', ordinal - EPOCHS_MAX)
  return NEW_EPOCH, ordinal
end

local function load(name)
  local v = redis.call('HMGET', P .. 'c:' .. name, 'head', 'first', 'stored', 'ordinal', 'oldest', 'starts')
  local head = tonumber(v[1]) or 0
  return {
    name = name, head = head, stored = tonumber(v[3]) or 1,
    first = math.max(tonumber(v[2]) or 1, head - MAX + 1),
    ordinal = tonumber(v[4]) or 0, oldest = tonumber(v[5]), starts = v[6] or ''
  }
end

local function save(c)
  redis.call('HSET', P .. 'c:' .. c.name, 'head', int(c.head), 'first', int(c.first), 'stored', int(c.stored),
    'ordinal', c.ordinal, 'oldest', c.oldest and int(c.oldest) or '', 'starts', c.starts)
  if c.first <= c.head then redis.call('ZADD', P .. 'names', 0, c.name)
  else redis.call('ZREM', P .. 'names', c.name) end
  if c.oldest then
    local ms = c.stored < c.first and KNOWN or RETAINED_MS
    redis.call('ZADD', P .. 'due', int(c.oldest + ms), c.name)
  else redis.call('ZREM', P .. 'due', c.name) end
end

local function place(name, offset) return name .. '\0' .. string.format('%016.0f', offset) end

-- Takes a message out of what is searched.
local function forget(name, offset, entry)
  if entry.kind ~= 'message' then return end
  local key = P .. 'a:' .. entry.author
  redis.call('ZREM', key, place(name, offset))
  if redis.call('EXISTS', key) == 0 then redis.call('ZREM', P .. 'authors', entry.author) end
  if entry['with'] then
    redis.call('ZREM', P .. 'copies', int(entry.at) .. '\0' .. entry.id .. '\0' .. place(name, offset))
  end
end

local function entry_at(name, offset)
  local raw = redis.call('HGET', P .. 'e:' .. name, int(offset))
  return raw and cjson.decode(raw)
end

-- Gives back the oldest entries, as many as may go, up to a number of them.
local function drop(c, count)
  local known, retained = NOW - KNOWN, NOW - RETAINED_MS
  while c.oldest and count > 0 do
    if not (c.oldest < retained or (c.oldest < known and c.stored < c.first)) then break end
    local entry = entry_at(c.name, c.stored)
    if entry then
      redis.call('HDEL', P .. 'e:' .. c.name, int(c.stored))
      if entry.ref then redis.call('HDEL', P .. 'r:' .. c.name, entry.author .. '\0' .. entry.ref) end
      if not entry.deleted then forget(c.name, c.stored, entry) end
    end
    c.stored, count = c.stored + 1, count - 1
    local next_one = c.stored <= c.head and entry_at(c.name, c.stored)
    c.oldest = next_one and next_one.at or (c.stored <= c.head and 0) or nil
  end
  c.first = math.max(c.first, c.stored)
end
`;

/** Begins the epoch where a new life has begun; writes, so that it is known that something can be written. */
export const OPEN: Script = {
  text: COMMON + String.raw`
redis.call('HSET', P .. 'store', 'opened', NOW)
local id = epoch(false)
return {id, redis.call('ZRANGE', P .. 'epochs', 0, -1, 'WITHSCORES')}
`,
};

/** All epochs. */
export const EPOCHS: Script = {
  text: String.raw`
return redis.call('ZRANGE', KEYS[1] .. 'epochs', 0, -1, 'WITHSCORES')
`,
};

/**
 * Appends a batch. An instance repeats a batch whose outcome it does not know, and is told what became of it the
 * first time; a batch that comes after a later one of the same instance, from a connection that was given up, is
 * none any more.
 */
export const APPEND: Script = {
  text: PAY + COMMON + String.raw`
local instance, seq, known_epoch = ARGV[6], ARGV[7], ARGV[8]
local interval, tolerance = tonumber(ARGV[9]), tonumber(ARGV[10])
local channel_count = tonumber(ARGV[11])
local last = redis.call('HMGET', P .. 'b:' .. instance, 'seq', 'reply')
if last[1] == seq then return {(epoch(false)), last[2]} end
if last[1] and tonumber(last[1]) > tonumber(seq) then return redis.error_reply('LATE batch') end

local channels, at, is_lost = {}, 12, false
local known = redis.call('HGET', P .. 'store', 'epoch') == known_epoch
for i = 1, channel_count do
  local c = load(ARGV[at])
  if known and c.head < tonumber(ARGV[at + 1]) then is_lost = true end
  channels[i] = c
  at = at + 2
end
local id, ordinal = epoch(is_lost)

local function begin(c)
  if c.ordinal == ordinal then return end
  c.ordinal = ordinal
  -- The last start before what is retained says where the epochs before it end.
  local starts, kept = {}, {}
  for o, from in string.gmatch(c.starts, '(%d+):(%d+)') do starts[#starts + 1] = {o, tonumber(from)} end
  for i, start in ipairs(starts) do
    local after = starts[i + 1]
    if not after or after[2] >= c.first then kept[#kept + 1] = start[1] .. ':' .. int(start[2]) end
  end
  kept[#kept + 1] = ordinal .. ':' .. int(c.head + 1)
  c.starts = table.concat(kept, ',')
end

local function erase(c, target)
  local entry = entry_at(c.name, target)
  if not entry or entry.kind == 'deletion' or entry.deleted then return end
  forget(c.name, target, entry)
  entry.body, entry.deleted = '', true
  redis.call('HSET', P .. 'e:' .. c.name, int(target), cjson.encode(entry))
end

local function repeat_of(c, author, ref, new)
  local before = ref ~= '' and redis.call('HGET', P .. 'r:' .. c.name, author .. '\0' .. ref)
  if not before then return nil end
  local old = entry_at(c.name, before)
  if old.kind ~= new.kind or old.to ~= new.to or old.target ~= new.target or
    not (old.deleted or old.body == new.body) then return '["c"]' end
  return '["d",' .. before .. ',' .. cjson.encode(old.id) .. ',' .. int(old.at) .. ']'
end

local paid, repeats, outcomes = {}, {}, {}
local function append(c, author, ref, bucket, toll, raw)
  local entry = cjson.decode(raw)
  -- Of what is not stored for its ref, the other copies are not either.
  repeats[entry.id] = repeats[entry.id] or repeat_of(c, author, ref, entry)
  if repeats[entry.id] then return repeats[entry.id] end
  if bucket ~= '' then
    paid[toll] = paid[toll] or pay(P .. 'm:' .. bucket, interval, tolerance)
    if paid[toll] > 0 then return '["l",' .. int(math.ceil(paid[toll])) .. ']' end
  end
  begin(c)
  c.head = c.head + 1
  c.first = math.max(c.first, c.head - MAX + 1)
  redis.call('HSET', P .. 'e:' .. c.name, int(c.head), raw)
  if ref ~= '' then redis.call('HSET', P .. 'r:' .. c.name, author .. '\0' .. ref, int(c.head)) end
  if entry.kind == 'message' then
    local where = place(c.name, c.head)
    redis.call('ZADD', P .. 'authors', 0, author)
    redis.call('ZADD', P .. 'a:' .. author, 0, where)
    if entry['with'] then
      redis.call('ZADD', P .. 'copies', 0, int(entry.at) .. '\0' .. entry.id .. '\0' .. where)
    end
  elseif entry.target and entry.target > 0 then erase(c, entry.target) end
  if not c.oldest then c.oldest, c.stored = entry.at, c.head end
  if c.stored < c.first then drop(c, 2) end
  c.told = c.told or {}
  c.told[#c.told + 1] = raw
  return '["s",' .. int(c.head) .. ',' .. int(c.first) .. ']'
end

while at <= #ARGV do
  local c = channels[tonumber(ARGV[at])]
  outcomes[#outcomes + 1] = append(c, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5])
  at = at + 6
end
for _, c in ipairs(channels) do
  if c.told then
    save(c)
    redis.call('PUBLISH', P .. 't:' .. c.name, '{"epoch":' .. cjson.encode(id) .. ',"instance":' ..
      cjson.encode(instance) .. ',"seq":' .. seq .. ',"first":' .. int(c.first) .. ',"offset":' ..
      int(c.head - #c.told + 1) .. ',"entries":[' .. table.concat(c.told, ',') .. ']}')
  end
end
local reply = '[' .. table.concat(outcomes, ',') .. ']'
redis.call('HSET', P .. 'b:' .. instance, 'seq', seq, 'reply', reply)
redis.call('PEXPIRE', P .. 'b:' .. instance, 3600000)
return {id, reply}
`,
};

/** Where channels stand; what the instance knows of each is compared. */
export const STATES: Script = {
  text: COMMON + String.raw`
local known_epoch, channels, is_lost = ARGV[6], {}, false
local known = redis.call('HGET', P .. 'store', 'epoch') == known_epoch
for i = 7, #ARGV, 2 do
  local c = load(ARGV[i])
  if known and c.head < tonumber(ARGV[i + 1]) then is_lost = true end
  channels[#channels + 1] = c
end
local reply = {(epoch(is_lost))}
for _, c in ipairs(channels) do
  reply[#reply + 1] = int(c.head)
  reply[#reply + 1] = int(c.first)
  reply[#reply + 1] = c.starts
end
return reply
`,
};

/** A page of entries as JSON; about so many bytes end it, though never an empty one. */
export const READ: Script = {
  text: COMMON + String.raw`
local c, limit, bytes_max = load(ARGV[6]), tonumber(ARGV[8]), tonumber(ARGV[9])
local reply = {(epoch(false)), int(c.head)}
local offset, bytes = math.max(tonumber(ARGV[7]), c.first - 1) + 1, 0
while offset <= c.head and limit > 0 do
  local raw = redis.call('HGET', P .. 'e:' .. c.name, int(offset))
  if not raw then return redis.error_reply('HOLE in ' .. c.name .. ' at ' .. int(offset)) end
  bytes = bytes + #raw
  if bytes > bytes_max and #reply > 2 then break end
  if #reply == 2 then reply[3] = int(offset) end
  reply[#reply + 1] = raw
  offset, limit = offset + 1, limit - 1
end
return reply
`,
};

/** Gives back what may go, of the channel in which that is due first. */
export const EXPIRE: Script = {
  text: COMMON + String.raw`
local due = redis.call('ZRANGEBYSCORE', P .. 'due', '-inf', '(' .. int(NOW), 'LIMIT', 0, 1)
if not due[1] then return {0} end
local c = load(due[1])
local before = tonumber(redis.call('HGET', P .. 'c:' .. c.name, 'first')) or 1
drop(c, STEP)
save(c)
if c.first > before then
  redis.call('PUBLISH', P .. 't:' .. c.name, '{"epoch":' .. cjson.encode((epoch(false))) ..
    ',"instance":"","seq":0,"first":' .. int(c.first) .. ',"offset":' .. int(c.head + 1) .. ',"entries":[]}')
end
return {1}
`,
};
