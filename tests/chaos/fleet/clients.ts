/**
 * Everybody outside of the fleet: submits over its one address, again and again until there is an answer, sends signals and
 * cancels, and follows what some executions tell.
 *
 *     node tests/chaos/fleet/clients.ts --folder <folder> --url <address> --rate <executions per second> --seed <n>
 *
 * SIGTERM: submits nothing more, and exits when everything asked for is answered and every follower heard the end.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createClient } from '../../../src/client.ts';
import { LineLog } from '../logs.ts';
import type { AckLine } from '../logs.ts';
import { seededRandom } from '../random.ts';
import { fleetJobs, pickJob } from './jobs.ts';
import type { FleetJob } from './jobs.ts';
import { fleetPaths } from './paths.ts';
import type { FollowLine } from './paths.ts';

/** Of all submissions, how many are made once more after they were answered, and of how many everything told is followed. */
const repeatedShare = 0.05;
const followedShare = 0.08;
/** Whoever has no answer by then asks again. */
const patienceMs = 8_000;
/** Connections of people are not without number: what does not fit waits, and is made up for later. */
const maxOpen = 600;

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: '' },
    url: { type: 'string', default: '' },
    rate: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
});
const { folder, url } = values;
const paths = fleetPaths(folder);
using acks = new LineLog<AckLine>(paths.acks);
using follows = new LineLog<FollowLine>(paths.follows);
const random = seededRandom(Number(values.seed));
const jobs = fleetJobs({ effects: { write: () => {} } as never, token: () => '' });
const client = createClient({ url });
let isStopping = false;
let open = 0;
process.once('SIGTERM', () => (isStopping = true));

const begunAt = Date.now();
console.log('working');
for (let made = 0; !isStopping;) {
  const due = Math.floor(((Date.now() - begunAt) / 1_000) * Number(values.rate));
  while (made < due && open < maxOpen) {
    const number = ++made;
    open++;
    void one(number)
      .catch((error: unknown) => surprise(`client ${number}`, error))
      .finally(() => open--);
  }
  await pause(5);
}
while (open > 0) await pause(20);
process.exit(0);

async function one(number: number): Promise<void> {
  const job = pickJob(jobs, random);
  const isRepeated = random() < repeatedShare;
  const isFollowed = random() < followedShare;
  const waitMs = random() * 1_500;
  const key = `client-${number}`;
  const { name } = job.workflow;
  const input = job.input(random);
  acks.write({ event: 'offered', job: name, input, key });
  const id = await submit(job, input, key);
  const following = isFollowed ? follow(id) : Promise.resolve();
  if (isRepeated) await submit(job, input, key);
  if (job.care !== undefined) {
    await pause(waitMs);
    await (job.care === 'signal' ? signal(id) : cancel(id));
  }
  await following;
}

async function submit(job: FleetJob, input: unknown, key: string): Promise<string> {
  const body = { workflow: job.workflow.name, input, ...(job.squad === undefined ? {} : { squad: job.squad }) };
  const answer = await ask('/executions', () => ({ body, headers: { 'idempotency-key': key } }));
  const { id } = answer.document as { id: string };
  acks.write({ event: 'accepted', id, job: job.workflow.name, key, end: job.end });
  return id;
}

/** A signal that is sent again is another one: its payload tells which was heard. */
async function signal(id: string): Promise<void> {
  let attempt = 0;
  let payload = '';
  const request: Request = () => ({ body: (payload = `go-${++attempt}-${id}`) });
  const { status } = await ask(`/executions/${id}/signals/go`, request, 409);
  // It has ended by now: it took one of those before, whose answer was lost.
  if (status !== 409) acks.write({ event: 'signalled', id, name: 'go', payload });
}

async function cancel(id: string): Promise<void> {
  await ask(`/executions/${id}/cancel`, () => ({ body: { reason: 'the chaos run said so' } }));
  acks.write({ event: 'cancelled', id });
}

async function follow(id: string): Promise<void> {
  const told: string[] = [];
  for await (const { event, id: place, data } of client.events(id)) {
    if (place === null || event === 'done') continue;
    const fields = data as Record<string, unknown>;
    const what =
      event === 'status'
        ? fields['status']
        : event === 'step'
          ? `${String(fields['key'])} ${String(fields['phase'])}`
          : '';
    told.push(`${String(fields['seq'])} ${event} ${String(what)}`);
  }
  follows.write({ event: 'followed', id, told });
  const { document } = await ask(`/executions/${id}`, null);
  const { status, output } = document as { status: string; output: unknown };
  if (status === 'completed' || status === 'cancelled' || status === 'failed')
    acks.write({ event: 'outcome', id, status, output: status === 'completed' ? JSON.stringify(output) : null });
}

interface Answer {
  readonly status: number;
  readonly document: unknown;
}
type Request = () => { readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };

/** Asks until there is an answer that is not of the moment. */
async function ask(path: string, request: Request | null, ...also: readonly number[]): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await askOnce(path, request);
    if (answer !== null && (answer.status < 300 || also.includes(answer.status))) return answer;
    if (answer !== null && answer.status < 500 && answer.status !== 429 && answer.status !== 408)
      throw new Error(`${path} was answered ${answer.status} ${JSON.stringify(answer.document)}`);
    await pause(Math.random() * Math.min(2_000, 100 * 2 ** attempt));
  }
}

async function askOnce(path: string, request: Request | null): Promise<Answer | null> {
  const given = request?.();
  try {
    const answer = await fetch(`${url}/api/v1${path}`, {
      signal: AbortSignal.timeout(patienceMs),
      ...(given === undefined
        ? {}
        : {
            method: 'POST',
            body: JSON.stringify(given.body),
            headers: { 'content-type': 'application/json', ...given.headers },
          }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      document: answer.status >= 500 || text === '' ? text : (JSON.parse(text) as unknown),
    };
  } catch {
    return null;
  }
}

function surprise(doing: string, error: unknown): void {
  acks.write({ event: 'surprise', doing, error: error instanceof Error ? String(error.stack) : String(error) });
}
