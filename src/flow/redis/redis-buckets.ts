import type { RedisConnection } from '../../redis/redis-connection.ts';
import { redisScript } from '../../redis/redis-script.ts';
import type { Draw, Drawn, SharedBuckets, SharedBucketStatistics } from '../shared-buckets.ts';

/**
 * A bucket is what it lacks, as the milliseconds that this takes to come in, and when that was so. Time is that of Redis; set back, it stands
 * still. What is full has run out, and is gone.
 */
const bucketScript = `local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function owed(key)
  local kept = redis.call('GET', key)
  if not kept then return 0 end
  local ms, at = string.match(kept, '^(%S+) (%S+)$')
  return math.max(0, ms - math.max(0, now - at))
end
local function keep(key, ms)
  if ms <= 0 then redis.call('DEL', key)
  else redis.call('SET', key, string.format('%.3f %.3f', ms, now), 'PX', string.format('%.0f', math.min(math.ceil(ms), 1e12))) end
end
`;

/** KEYS are what may be paused, and the buckets; ARGV of each bucket what it holds, what a token takes, and how many are drawn. */
const drawScript = redisScript(`${bucketScript}
local paused = math.max(0, redis.call('PTTL', KEYS[1]))
local isTaken = paused == 0
local lacks = {}
for place = 2, #KEYS do
  local capacity, tokenMs, tokens = ARGV[3 * place - 5], ARGV[3 * place - 4], ARGV[3 * place - 3]
  lacks[place] = owed(KEYS[place])
  if lacks[place] / tokenMs + math.min(tokens, capacity) > capacity + 0.000002 then isTaken = false end
end
local told = {isTaken and 1 or 0, tostring(paused)}
for place = 2, #KEYS do
  local capacity, tokenMs, tokens = ARGV[3 * place - 5], ARGV[3 * place - 4], ARGV[3 * place - 3]
  if isTaken then
    lacks[place] = lacks[place] + tokens * tokenMs
    keep(KEYS[place], lacks[place])
  end
  told[place + 1] = string.format('%.6f', capacity - lacks[place] / tokenMs)
end
return told`);

/** ARGV of each bucket what a token takes, and how many were used beyond what was drawn. */
const correctScript = redisScript(`${bucketScript}
for place = 1, #KEYS do keep(KEYS[place], owed(KEYS[place]) + ARGV[2 * place - 1] * ARGV[2 * place]) end
return 1`);

/** A longer one stands. */
const pauseScript = redisScript(`if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
end
return 1`);

/** Limits of a fleet in Redis: one script for each draw, so that two processes never take the same token. */
export class RedisBuckets implements SharedBuckets {
  readonly #redis: RedisConnection;
  #taken = 0;
  #refused = 0;
  #unavailable = 0;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async draw(draws: readonly Draw[], pause = 'none'): Promise<Drawn | null> {
    const keys = [pauseKey(pause), ...draws.map(bucketKey)];
    const given = draws.flatMap(({ capacity, tokenMs, tokens }) => [capacity, tokenMs, tokens]);
    try {
      const drawn = readDrawn(await this.#redis.run(drawScript, keys, given), draws.length);
      if (drawn.isTaken) this.#taken += 1;
      else this.#refused += 1;
      return drawn;
    } catch {
      // The connection tells of it, once.
      this.#unavailable += 1;
      return null;
    }
  }

  correct(draws: readonly Draw[]): void {
    const given = draws.flatMap(({ tokenMs, tokens }) => [tokenMs, tokens]);
    this.#tell(this.#redis.run(correctScript, draws.map(bucketKey), given));
  }

  pause(name: string, forMs: number): void {
    if (forMs >= 1) this.#tell(this.#redis.run(pauseScript, [pauseKey(name)], [Math.ceil(forMs)]));
  }

  statistics(): SharedBucketStatistics {
    return { taken: this.#taken, refused: this.#refused, unavailable: this.#unavailable };
  }

  #tell(telling: Promise<unknown>): void {
    telling.catch(() => (this.#unavailable += 1));
  }
}

function readDrawn(answer: unknown, draws: number): Drawn {
  const told = Array.isArray(answer) ? answer.map(Number) : [];
  const [isTaken, pausedMs, ...left] = told;
  if (isTaken === undefined || pausedMs === undefined || left.length !== draws || !told.every(Number.isFinite))
    throw new Error('Redis answered something else than was asked for.');
  return { isTaken: isTaken === 1, pausedMs, left };
}

function bucketKey({ key }: Draw): string {
  return `bucket:${key}`;
}

function pauseKey(name: string): string {
  return `pause:${name}`;
}
