import { Redis } from 'ioredis';

/** Whether a Redis can be reached. */
export interface RedisInspection {
  /** Where it is, without what opens it. */
  readonly name: string;
  readonly version: string | null;
  /** Why it cannot be reached; null where it can. */
  readonly problem: string | null;
}

const timeoutMs = 3_000;

/** Connects once, and leaves again. */
export async function inspectRedis(url: string): Promise<RedisInspection> {
  const name = new URL(url).host;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let problem: unknown = null;
  redis.on('error', (error: unknown) => (problem = error));
  try {
    await redis.connect();
    const version = /^redis_version:(\S+)/m.exec(await redis.info('server'))?.[1] ?? null;
    return { name, version, problem: null };
  } catch (error) {
    const why = problem ?? error;
    return { name, version: null, problem: why instanceof Error ? why.message : String(why) };
  } finally {
    redis.disconnect();
  }
}
