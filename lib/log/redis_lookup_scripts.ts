/**
 * What Redis itself looks up over all channels of the log; its keys are those of `redis_scripts.ts`.
 *
 * @module
 */

import type { Script } from "./redis_script.ts";
import { COMMON } from "./redis_scripts.ts";

/** A step of a search for messages: it looks at so many of the author's. */
export const FIND: Script = {
  text: COMMON + String.raw`
local author, at, id, limit = ARGV[6], ARGV[7], ARGV[8], tonumber(ARGV[9])
local after = ARGV[10] ~= '' and place(ARGV[10], tonumber(ARGV[11]))
local last = after and entry_at(ARGV[10], ARGV[11])
local reply, looked, firsts = {'', ''}, 0, {}

local function look(member, is_wanted)
  local name, offset = string.match(member, '^(.*)%z(%d+)$')
  offset = tonumber(offset)
  firsts[name] = firsts[name] or load(name).first
  looked = looked + 1
  reply[1], reply[2] = name, int(offset)
  if offset >= firsts[name] and is_wanted(name, offset) then
    reply[#reply + 1] = name
    reply[#reply + 1] = int(offset)
  end
end

local function belongs(other)
  return other == author or string.sub(other, 1, #author + 1) == author .. '/'
end

if at ~= '' then
  local prefix = at .. '\0' .. id .. '\0'
  local from = after and last and '(' .. prefix .. after or '[' .. prefix
  local found = redis.call('ZRANGEBYLEX', P .. 'copies', from, '(' .. at .. '\0' .. id .. '\1', 'LIMIT', 0, limit)
  for _, member in ipairs(found) do
    look(string.sub(member, #prefix + 1), function(name, offset)
      local entry = entry_at(name, offset)
      return entry and belongs(entry.author)
    end)
  end
elseif limit > 0 then
  local authors = redis.call('ZRANGEBYLEX', P .. 'authors', '[' .. author .. '/', '(' .. author .. '0')
  if redis.call('ZSCORE', P .. 'authors', author) then table.insert(authors, 1, author) end
  for _, one in ipairs(authors) do
    if looked == limit then break end
    if not last or one >= last.author then
      local from = last and one == last.author and '(' .. after or '-'
      local found = redis.call('ZRANGEBYLEX', P .. 'a:' .. one, from, '+', 'LIMIT', 0, limit - looked)
      for _, member in ipairs(found) do look(member, function() return true end) end
    end
  end
end
if looked < limit or limit == 0 then reply[1] = '' end
return reply
`,
};

/** Channels that hold something, by name: of each stretch between names that are left out, those after a name. */
export const CHANNELS: Script = {
  text: COMMON + String.raw`
local after, limit, reply = ARGV[6], tonumber(ARGV[7]), {(epoch(false))}
for i = 8, #ARGV, 2 do
  local start, stop = ARGV[i], ARGV[i + 1]
  local from = start == '' and '-' or '[' .. start
  if after ~= '' and after >= start then from = '(' .. after end
  if limit > 0 then
    local to = stop == '' and '+' or '(' .. stop
    for _, name in ipairs(redis.call('ZRANGEBYLEX', P .. 'names', from, to, 'LIMIT', 0, limit)) do
      local c = load(name)
      if c.first <= c.head then
        reply[#reply + 1] = name
        reply[#reply + 1] = int(c.head)
        reply[#reply + 1] = int(c.first)
      end
      limit = limit - 1
    end
  end
end
return reply
`,
};
