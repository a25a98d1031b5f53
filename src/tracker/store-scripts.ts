/**
 * What Redis does for an announce and for a scrape: one script each, so that either is one round trip and nothing comes
 * between its steps. All keys of a script belong to one swarm and have its info hash as hash tag, so that they lie in one
 * slot of a cluster.
 *
 * A swarm of one address family has two sorted sets, leechers and seeders: members are peers as they go on the wire, scores
 * the second of Redis' own clock in which each was last heard of. So instances need no common clock. Whoever touches a
 * swarm takes the dead out first; a swarm that nobody touches any more goes as a whole by the time to live of its keys.
 *
 * Needs Redis 6.2 (ZRANDMEMBER).
 */
import { createHash } from 'node:crypto';

/** A script, and by what Redis knows it. */
export interface StoreScript {
  readonly lua: string;
  /** SHA-1 of the text, as EVALSHA wants it. */
  readonly sha: string;
}

/** Bytes in front of the peers in the reply of {@link announceScript}. */
export const STORE_REPLY_HEAD_BYTES = 13;

/** Where things stand in the reply of {@link announceScript}. */
export const StoreReplyOffset = {
  /** Bits of {@link StoreReplyFlag}. */
  flags: 0,
  /** Peers of the swarm whose time was over. */
  expired: 1,
  /** Leechers, seeders, peers follow as in an announce reply of BEP 15. */
  body: 5,
} as const;

export const StoreReplyFlag = {
  /** A download was completed. */
  completed: 1,
  /** The peer was not taken in: its address has all the peers in the swarm that it may have. */
  crowded: 2,
} as const;

/**
 * Notes an announce and draws peers.
 *
 * KEYS: leechers, seeders, downloads, peers by address.
 * ARGV: peer; `l`, `s` or `x` for leecher, seeder, stopped; seconds that a peer is kept; 1 for the event `completed`; peers
 * wanted; a random number; peers of an address in a swarm at most (0: no bound).
 *
 * The draw is uniform among those who may be drawn: the number that comes from each set is drawn first, as if from one urn.
 */
export const announceScript: StoreScript = createScript(`
local peer, kind, life, wanted, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[7])
local now = tonumber(redis.call('TIME')[1])
local dead = '(' .. (now - life)
local flags, expired = 0, 0

local function count_address(member, by)
  local address = string.sub(member, 1, #member == 6 and 4 or 8)
  if redis.call('HINCRBY', KEYS[4], address, by) <= 0 then redis.call('HDEL', KEYS[4], address) end
end

-- A script that has written once is not checked against maxmemory any more, and taking out the dead is writing.
-- This one changes nothing and is checked.
if kind ~= 'x' then redis.call('SETRANGE', KEYS[3], 0, '') end

for set = 1, 2 do
  if most > 0 then
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[set], '-inf', dead)) do count_address(member, -1) end
  end
  expired = expired + redis.call('ZREMRANGEBYSCORE', KEYS[set], '-inf', dead)
end

if kind == 'x' then
  local gone = redis.call('ZREM', KEYS[1], peer) + redis.call('ZREM', KEYS[2], peer)
  if gone > 0 and most > 0 then count_address(peer, -1) end
  local leechers, seeders = redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2])
  if leechers + seeders == 0 then redis.call('DEL', KEYS[3], KEYS[4]) end
  return struct.pack('>BI4I4I4', 0, expired, leechers, seeders)
end

local mine, other = KEYS[1], KEYS[2]
if kind == 's' then mine, other = other, mine end
local moved = redis.call('ZREM', other, peer)
local taken = true
if most > 0 and moved == 0 and not redis.call('ZSCORE', mine, peer) then
  local address = string.sub(peer, 1, #peer == 6 and 4 or 8)
  if tonumber(redis.call('HGET', KEYS[4], address) or 0) >= most then
    taken = false
    flags = 2
  else
    count_address(peer, 1)
  end
end
local added = 0
if taken then
  added = redis.call('ZADD', mine, now, peer)
  redis.call('EXPIRE', mine, life + 1)
  if most > 0 then redis.call('EXPIRE', KEYS[4], life + 1) end
end
local leechers, seeders = redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2])
if added == 1 and moved == 0 and leechers + seeders == 1 then redis.call('DEL', KEYS[3]) end
if ARGV[4] == '1' and kind == 's' and added == 1 then
  redis.call('INCR', KEYS[3])
  flags = flags + 1
end
redis.call('EXPIRE', KEYS[3], life + 1)

local head = struct.pack('>BI4I4I4', flags, expired, leechers, seeders)
if wanted == 0 then return head end
local own = (kind == 'l' and taken) and 1 or 0
local from_leechers, from_seeders = leechers - own, kind == 'l' and seeders or 0
local others = from_leechers + from_seeders
if others > wanted then
  if from_seeders == 0 then
    from_leechers = wanted
  else
    math.randomseed(tonumber(ARGV[6]))
    local urn, of_leechers = others, from_leechers
    from_leechers = 0
    for _ = 1, wanted do
      if math.random() * urn < of_leechers then
        from_leechers = from_leechers + 1
        of_leechers = of_leechers - 1
      end
      urn = urn - 1
    end
    from_seeders = wanted - from_leechers
  end
end
local peers = {}
if from_leechers > 0 then
  peers = redis.call('ZRANDMEMBER', KEYS[1], from_leechers + own)
  if own == 1 then
    local last = #peers
    for at = 1, last do
      if peers[at] == peer then
        peers[at] = peers[last]
        peers[last] = nil
        last = 0
        break
      end
    end
    if last > 0 then
      math.randomseed(tonumber(ARGV[6]) + 1)
      peers[math.random(last)] = peers[last]
      peers[last] = nil
    end
  end
end
if from_seeders > 0 then
  return head .. table.concat(peers) .. table.concat(redis.call('ZRANDMEMBER', KEYS[2], from_seeders))
end
return head .. table.concat(peers)
`);

/**
 * Tells what a scrape says of one swarm, 12 bytes as BEP 15 has them: seeders, downloads, leechers. Changes nothing.
 *
 * KEYS: leechers, seeders, downloads. ARGV: seconds that a peer is kept.
 */
export const scrapeScript: StoreScript = createScript(`
local from = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[1])
local leechers = redis.call('ZCOUNT', KEYS[1], from, '+inf')
local seeders = redis.call('ZCOUNT', KEYS[2], from, '+inf')
local downloads = 0
if leechers + seeders > 0 then downloads = tonumber(redis.call('GET', KEYS[3]) or 0) end
return struct.pack('>I4I4I4', seeders, downloads, leechers)
`);

/**
 * The keys of a swarm: leechers, seeders, downloads, peers by address.
 *
 * @param hash - the info hash in hexadecimal; in its raw form it might hold the brace that ends a hash tag
 * @param family - of the addresses of its peers
 */
export function swarmKeys(hash: string, family: 4 | 6): [string, string, string, string] {
  const base = `tracker:{${hash}}:${family}`;
  return [`${base}l`, `${base}s`, `${base}d`, `${base}a`];
}

function createScript(lua: string): StoreScript {
  const text = lua.trim();
  return { lua: text, sha: createHash('sha1').update(text).digest('hex') };
}
