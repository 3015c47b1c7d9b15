import { createHash } from 'node:crypto';
import { freshSecret } from '../access/fresh-secret.ts';
import { RedisTier } from '../cache/redis/redis-tier.ts';
import type { Settings } from '../config/settings.ts';
import { RedisBuckets } from '../flow/redis/redis-buckets.ts';
import type { Clock } from '../kernel/clock.ts';
import { RedisConnection } from '../redis/redis-connection.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { PostgresState } from '../work/postgres/postgres-state.ts';
import type { Shape } from './shape.ts';

/**
 * Redis where there is one: what processes have read, and the limits that they keep to together. Without it, also for the moment, each
 * process keeps both to itself.
 */
export async function openFleetRedis(
  { redisUrl }: Settings,
  { access }: PostgresState,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  opened: AsyncDisposableStack,
): Promise<Pick<Shape, 'secondTier' | 'sharedBuckets'>> {
  if (redisUrl === null) return { secondTier: null, sharedBuckets: null };
  const secret = await access.signingSecret(freshSecret());
  const redis = opened.use(
    new RedisConnection({
      url: redisUrl,
      fleet: createHash('sha256').update(`redis ${secret}`).digest('base64url').slice(0, 16),
      onChange: (isUp, error) =>
        isUp
          ? logger.info({}, 'What is read, and limits, are shared with other processes over Redis.')
          : logger.warn(
              { error },
              'Redis cannot be reached: each process reads for itself, and keeps limits by itself.',
            ),
    }),
  );
  await redis.tried();
  return { secondTier: new RedisTier(redis, clock), sharedBuckets: new RedisBuckets(redis) };
}
