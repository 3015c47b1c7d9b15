import { createHash } from 'node:crypto';

/** A Lua script that Redis carries out in one piece. */
export interface RedisScript {
  readonly lua: string;
  /** By which Redis knows it, once it has seen it: SHA-1 in hexadecimal. */
  readonly sha: string;
}

export function redisScript(lua: string): RedisScript {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
