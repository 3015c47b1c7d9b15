import type { LookupAddress } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { NonRetryableError } from '../../../kernel/errors.ts';
import type { AllowList } from './allow-list.ts';

/** What a server answered; the body is not read yet. */
export interface PageResponse {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Decompressed. Whoever has read enough destroys it. */
  readonly body: Readable;
  close(): void;
}

/** All addresses of a host, as `dns.lookup` gives them. */
export type LookupAll = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What may be reached, and how names become addresses. */
export interface WebAccess {
  readonly allow: AllowList;
  readonly lookup: LookupAll;
}

const headers = {
  'user-agent': 'squadra',
  accept: 'text/html, text/*, application/json, application/xml;q=0.9, */*;q=0.1',
  'accept-encoding': 'gzip, deflate, br',
};

/**
 * One GET without following anything.
 *
 * The address is checked where it is used: in the look-up of the very connection, so that a name cannot have one address
 * when it is looked at and another when it is connected to, and once more on the socket. The connection is new and goes
 * through no proxy, which would look up by itself.
 */
export function requestPage(url: URL, access: WebAccess, signal: AbortSignal): Promise<PageResponse> {
  const { allow } = access;
  allow.requireHost(url.hostname);
  const { promise, resolve, reject } = Promise.withResolvers<PageResponse>();
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(url, { agent: false, headers, signal, lookup: guardedLookup(access) });
  request.once('socket', (socket) => {
    socket.once('connect', () => {
      try {
        allow.requireAddress(socket.remoteAddress ?? '', url.hostname);
      } catch (error) {
        request.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
  // It stays: a connection may break once more after the promise is settled.
  request.on('error', reject);
  request.once('response', (response) => {
    response.on('error', () => {});
    const body = decompressed(response);
    const close = (): void => {
      body?.destroy();
      request.destroy();
    };
    if (body !== null)
      return resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body, close });
    close();
    const coding = JSON.stringify(response.headers['content-encoding']?.slice(0, 40));
    reject(new NonRetryableError(`The page is encoded as ${coding}, which cannot be read.`));
  });
  request.end();
  return promise;
}

/** A host with one address inside is refused as a whole: which of its addresses is taken is not ours to say. */
function guardedLookup({ allow, lookup }: WebAccess): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      try {
        for (const { address } of addresses) allow.requireAddress(address, hostname);
      } catch (refusal) {
        return callback(refusal as NodeJS.ErrnoException, []);
      }
      const [first] = addresses;
      if (options.all === true) callback(null, addresses);
      else if (first === undefined) callback(new Error(`${hostname} has no address.`), []);
      else callback(null, first.address, first.family);
    });
  };
}

/** Null for an encoding that was not asked for. */
function decompressed(response: IncomingMessage): Readable | null {
  const coding = response.headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (coding === '' || coding === 'identity') return response;
  const decoder = decoderOf(coding);
  if (decoder === null) return null;
  // A connection that breaks off ends the text that is made of it, too.
  response.on('error', (error) => decoder.destroy(error));
  return response.pipe(decoder);
}

function decoderOf(coding: string): Transform | null {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return null;
  }
}
