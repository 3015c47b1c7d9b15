import { connect } from '@nats-io/transport-node';
import { natsServers } from './nats-servers.ts';

/** Whether a NATS can be reached. */
export interface NatsInspection {
  /** Where it is, without what opens it. */
  readonly name: string;
  readonly version: string | null;
  /** Why it cannot be reached; null where it can. */
  readonly problem: string | null;
}

const timeoutMs = 3_000;

/** Connects once, and leaves again. */
export async function inspectNats(urls: readonly string[]): Promise<NatsInspection> {
  const servers = natsServers(urls);
  const name = servers.servers.join(', ');
  try {
    const connection = await connect({ ...servers, timeout: timeoutMs, reconnect: false, noAsyncTraces: true });
    const version = connection.info?.version ?? null;
    await connection.close();
    return { name, version, problem: null };
  } catch (error) {
    return { name, version: null, problem: error instanceof Error ? error.message : String(error) };
  }
}
