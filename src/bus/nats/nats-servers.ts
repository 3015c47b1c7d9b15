/** Where NATS is, and as whom one connects; as its client takes it. */
export interface NatsServers {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls?: Record<string, never>;
}

/** From addresses `nats://user:password@host:4222`; a user without a password is a token. All share what opens the first. */
export function natsServers(urls: readonly string[]): NatsServers {
  const read = urls.map((url) => new URL(url));
  const { username = '', password = '' } = read[0] ?? {};
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: read.map(({ hostname, port }) => `${hostname}:${port === '' ? '4222' : port}`),
    ...(user === '' ? {} : pass === '' ? { token: user } : { user, pass }),
    ...(read.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
  };
}
