/**
 * What Redis itself does for the directory: scripts in Lua, each of them one atomic step.
 *
 * Keys, after the prefix: `leases` (instances by the end of their lease), `n:` (a claimed name), `h:` (who claimed it
 * last with a key), `in:` (names of an instance), `ban:`, `cl:` (new names of an address); `rooms` (in which somebody
 * is), `pi:` (instances with somebody in a room), `p:` (an instance's users in a room), `ir:` (its rooms). Topics: `p:`
 * of a room, `x` for all instances, `y:` for one.
 *
 * @module
 */

import { LEASE_MS, LEASE_SLACK_MS, REAP_STEP } from "../limits.ts";
import type { Script } from "../log/redis_script.ts";
import { PAY } from "../log/redis_scripts.ts";

const COMMON = PAY + String.raw`
local P, INSTANCE = KEYS[1], ARGV[1]
local NOW = now_ms()

local function int(n) return string.format('%.0f', n) end

local function lease(instance) return tonumber(redis.call('ZSCORE', P .. 'leases', instance)) or 0 end

-- A claim as it is stored; whether it holds, and until when at least.
local function claim_of(key)
  local raw = redis.call('HGETALL', P .. 'n:' .. key)
  if #raw == 0 then return nil end
  local c = {uses = {}}
  for i = 1, #raw, 2 do
    local instance = string.match(raw[i], '^i:(.*)$')
    if instance then c.uses[#c.uses + 1] = instance else c[raw[i]] = raw[i + 1] end
  end
  c.hold = tonumber(c.hold)
  local slack = c.keyed == '1' and math.max(c.hold, ${LEASE_SLACK_MS}) or ${LEASE_SLACK_MS}
  c.till = tonumber(c.till) or 0
  for _, instance in ipairs(c.uses) do c.till = math.max(c.till, lease(instance) + slack) end
  c.holds = c.till > NOW
  return c
end

-- An instance does not use a claim any more; it is held for its owner from a moment on.
local function unuse(key, c, instance, from)
  redis.call('HDEL', P .. 'n:' .. key, 'i:' .. instance)
  for _, other in ipairs(c.uses) do if other ~= instance then return end end
  local till = from + c.hold
  if c.keyed == '1' and till > NOW then
    redis.call('HSET', P .. 'n:' .. key, 'till', int(till))
    redis.call('PEXPIRE', P .. 'n:' .. key, int(till - NOW))
  else redis.call('DEL', P .. 'n:' .. key) end
end

local function leave(room, instance)
  redis.call('SREM', P .. 'pi:' .. room, instance)
  redis.call('SREM', P .. 'ir:' .. instance, room)
  if redis.call('EXISTS', P .. 'pi:' .. room) == 0 then redis.call('ZREM', P .. 'rooms', room) end
end
`;

/** Claims names: one with all that is to be checked, or own ones once more after Redis was out of reach. */
export const CLAIM: Script = {
  text: COMMON + String.raw`
local hold, history, interval, tolerance = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local replies = {}
for i = 6, #ARGV, 6 do
  local key, author, keyed, text, address, again = unpack(ARGV, i, i + 5)
  local function claim()
    if redis.call('EXISTS', P .. 'ban:name/' .. key) == 1 or
      (keyed == '1' and redis.call('EXISTS', P .. 'ban:author/' .. author) == 1) then return {'banned'} end
    local c = claim_of(key)
    if c and c.holds and c.author ~= author then return {'taken'} end
    if not (c and c.holds) then
      if again ~= '1' and (keyed ~= '1' or redis.call('HGET', P .. 'h:' .. key, 'author') ~= author) then
        local wait = pay(P .. 'cl:' .. address, interval, tolerance)
        if wait > 0 then return {'limited', int(math.ceil(wait))} end
      end
      redis.call('DEL', P .. 'n:' .. key)
      redis.call('HSET', P .. 'n:' .. key, 'author', author, 'text', text, 'keyed', keyed, 'hold', hold)
      c = {text = text}
    end
    redis.call('HSET', P .. 'n:' .. key, 'i:' .. INSTANCE, 1)
    redis.call('HDEL', P .. 'n:' .. key, 'till')
    redis.call('PERSIST', P .. 'n:' .. key)
    redis.call('SADD', P .. 'in:' .. INSTANCE, key)
    if keyed == '1' then
      redis.call('HSET', P .. 'h:' .. key, 'author', author, 'text', c.text)
      redis.call('PEXPIRE', P .. 'h:' .. key, history)
    end
    return {'in', c.text}
  end
  replies[#replies + 1] = claim()
end
return replies
`,
};

/** Gives claims back: pairs of a name's key and who held it, or nothing for whoever did. */
export const RELEASE: Script = {
  text: COMMON + String.raw`
for i = 2, #ARGV, 2 do
  local c = claim_of(ARGV[i])
  if not c then redis.call('SREM', P .. 'in:' .. INSTANCE, ARGV[i])
  elseif c.author == ARGV[i + 1] or ARGV[i + 1] == '' then
    redis.call('SREM', P .. 'in:' .. INSTANCE, ARGV[i])
    unuse(ARGV[i], c, INSTANCE, NOW)
  end
end
return 1
`,
};

/** Whether a name is free for somebody without a key. */
export const VISIT: Script = {
  text: COMMON + String.raw`
local key, address, interval, tolerance = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local c = claim_of(key)
if c and c.holds then return {'taken'} end
if redis.call('EXISTS', P .. 'ban:name/' .. key) == 1 then return {'banned'} end
local wait = address ~= '' and pay(P .. 'cl:' .. address, interval, tolerance) or 0
if wait > 0 then return {'limited', int(math.ceil(wait))} end
return {'in'}
`,
};

/** Who has the inboxes of names: of each an author, or nothing, and a spelling. */
export const HOLDERS: Script = {
  text: COMMON + String.raw`
local replies = {}
for i = 2, #ARGV do
  local c = claim_of(ARGV[i])
  local last = redis.call('HMGET', P .. 'h:' .. ARGV[i], 'author', 'text')
  if c and c.holds then
    replies[#replies + 1] = c.keyed == '1' and c.author or ''
    replies[#replies + 1] = c.text
  else
    replies[#replies + 1] = last[1] or ''
    replies[#replies + 1] = last[2] or ''
  end
end
return replies
`,
};

/** Bans a name and who has its inbox, or lifts that, and tells all instances. */
export const BAN: Script = {
  text: COMMON + String.raw`
local key, till, author = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local function ban(what, till)
  local name = P .. 'ban:' .. what
  if till <= NOW then redis.call('DEL', name)
  else redis.call('SET', name, int(till), 'PXAT', int(till)) end
  redis.call('PUBLISH', P .. 'x', '{"ban":' .. cjson.encode(what) .. ',"till":' .. int(till) .. '}')
end
ban('name/' .. key, till)
if author ~= '' then
  -- A short ban under one name leaves a longer one under another as it is; lifting lifts both.
  local before = tonumber(redis.call('GET', P .. 'ban:author/' .. author)) or 0
  ban('author/' .. author, till > NOW and math.max(till, before) or till)
end
return 1
`,
};

/**
 * Renews an instance's lease, and clears up after one that has died.
 *
 * Answers whether the lease had ended, and who is alive.
 */
export const BEAT: Script = {
  text: COMMON + String.raw`
local lapsed = lease(INSTANCE) < NOW and 1 or 0
redis.call('ZADD', P .. 'leases', int(NOW + tonumber(ARGV[2])), INSTANCE)
local dead = redis.call('ZRANGEBYSCORE', P .. 'leases', '-inf', int(NOW - ${
    LEASE_MS + LEASE_SLACK_MS
  }), 'LIMIT', 0, 1)[1]
if dead then
  local rooms = redis.call('SPOP', P .. 'ir:' .. dead, ${REAP_STEP})
  for _, room in ipairs(rooms) do
    redis.call('DEL', P .. 'p:' .. dead .. ':' .. room)
    leave(room, dead)
  end
  local names = redis.call('SPOP', P .. 'in:' .. dead, ${REAP_STEP})
  for _, key in ipairs(names) do
    local c = claim_of(key)
    if c then unuse(key, c, dead, lease(dead)) end
  end
  if #rooms + #names == 0 then redis.call('ZREM', P .. 'leases', dead) end
end
return {lapsed, redis.call('ZRANGEBYSCORE', P .. 'leases', int(NOW), '+inf')}
`,
};

/** Says who has come to rooms and left them, and tells who attends these. */
export const PRESENT: Script = {
  text: COMMON + String.raw`
local at = 2
while at <= #ARGV do
  local room, is_whole, joins, leaves, payload = unpack(ARGV, at, at + 4)
  local mine = P .. 'p:' .. INSTANCE .. ':' .. room
  at = at + 5
  if is_whole == '1' then redis.call('DEL', mine) end
  for _ = 1, tonumber(joins) do
    redis.call('HSET', mine, ARGV[at], ARGV[at + 1])
    at = at + 2
  end
  for _ = 1, tonumber(leaves) do
    redis.call('HDEL', mine, ARGV[at])
    at = at + 1
  end
  if redis.call('EXISTS', mine) == 1 then
    redis.call('SADD', P .. 'pi:' .. room, INSTANCE)
    redis.call('SADD', P .. 'ir:' .. INSTANCE, room)
    redis.call('ZADD', P .. 'rooms', 0, room)
  else leave(room, INSTANCE) end
  redis.call('PUBLISH', P .. 'p:' .. room, payload)
end
return 1
`,
};

/** Forgets whom an instance had in rooms: it is about to say so anew. */
export const CLEAR: Script = {
  text: COMMON + String.raw`
for _, room in ipairs(redis.call('SMEMBERS', P .. 'ir:' .. INSTANCE)) do
  redis.call('DEL', P .. 'p:' .. INSTANCE .. ':' .. room)
  leave(room, INSTANCE)
end
return 1
`,
};

/** Who is in rooms, in other instances that are alive: of each room a list of instances, each before its users. */
export const WHO: Script = {
  text: COMMON + String.raw`
local replies = {}
for i = 2, #ARGV do
  local here = {}
  for _, instance in ipairs(redis.call('SMEMBERS', P .. 'pi:' .. ARGV[i])) do
    if instance ~= INSTANCE and lease(instance) > NOW then
      here[#here + 1] = instance
      here[#here + 1] = redis.call('HGETALL', P .. 'p:' .. instance .. ':' .. ARGV[i])
    end
  end
  replies[#replies + 1] = here
end
return replies
`,
};

/** Rooms in which somebody is, and how many. */
export const ROOMS: Script = {
  text: COMMON + String.raw`
local from, replies = ARGV[2] == '' and '-' or '(' .. ARGV[2], {}
for _, room in ipairs(redis.call('ZRANGEBYLEX', P .. 'rooms', from, '+', 'LIMIT', 0, ARGV[3])) do
  local seen, count = {}, 0
  for _, instance in ipairs(redis.call('SMEMBERS', P .. 'pi:' .. room)) do
    if lease(instance) > NOW then
      for _, key in ipairs(redis.call('HKEYS', P .. 'p:' .. instance .. ':' .. room)) do
        if not seen[key] then seen[key], count = true, count + 1 end
      end
    end
  end
  if count > 0 then
    replies[#replies + 1] = room
    replies[#replies + 1] = int(count)
  end
end
return replies
`,
};
