import type { SquadraOptions } from '../../../src/orchestrator/squadra-options.ts';
import type { DashboardServer } from '../support/dashboard-server.ts';
import { StoryClock } from './story-clock.ts';
import { endlessWord, refusedWord, rowOfNumbers, storyModel } from './story-model.ts';
import { convoyToEnd, release, runToEnd } from './workloads.ts';

/** Where the pages are that show something particular. */
export interface Story {
  readonly completed: string;
  readonly failed: string;
  readonly running: string;
  readonly waiting: string;
  readonly convoy: string;
  readonly runningConvoy: string;
  readonly squad: string;
}

const minuteMs = 60_000;

const requests = [
  'Add a login page to the shop',
  'Move the invoices to the new format',
  'Why is the search slow on Mondays?',
  'Write the release notes for 4.2',
  'Check the checkout for readers of screens',
  'Plan the move to the new payment provider',
  'Translate the help pages into Arabic: صفحات المساعدة',
];

const refusals = ['Summarise', 'Translate', 'Sort', 'Look for addresses in'];

/** A server on which an hour of work has passed: what it needs to be opened with, and what fills it. */
export function storyOptions(clock: StoryClock): SquadraOptions {
  return {
    models: { story: storyModel(clock) },
    prices: { story: { input: 2.5, output: 10 } },
    workflows: [release],
    settings: {
      provider: 'story',
      model: 'large',
      agentRateLimitPerMinute: 0,
      cpuThreshold: 100,
      memoryThreshold: 100,
      shutdownGrace: 100,
    },
  };
}

/** An hour before now. */
export const storyClock = (): StoryClock => new StoryClock(58 * minuteMs);

/** Fills a server with an hour of a small company's work, ending in the present with some of it open. */
export async function tellStory(server: DashboardServer, clock: StoryClock): Promise<Story> {
  const squad = await squads(server);
  const random = rowOfNumbers(11);
  let completed = '';
  let failed = '';
  let convoy = '';
  for (let n = 0; clock.behindMs > minuteMs / 2; n++) {
    clock.pass(minuteMs * 0.4 * random());
    const message = requests[n % requests.length] ?? '';
    if (n % 19 === 7) failed = await runToEnd(server, { message: `${refusals[n % refusals.length]} ${refusedWord}` });
    else completed = await runToEnd(server, { squad: n % 3 === 0 ? 'Checkout' : 'software', message });
    if (n === 12) convoy = await convoyToEnd(server, shopConvoy());
  }
  clock.pass(clock.behindMs);
  return { ...(await openWork(server)), completed, failed, convoy, squad };
}

async function squads(server: DashboardServer): Promise<string> {
  const { id } = await server.send<{ readonly id: string }>('/squads', {
    body: {
      name: 'Checkout',
      description: 'Looks after the checkout of the shop.',
      template: 'software',
      members: [{ role: 'reviewer', name: 'Sami', instructions: 'Look for what a customer would stumble over.' }],
    },
  });
  await server.send('/squads', { body: { name: 'Research', template: 'research' } });
  await server.send('/squads', { body: { name: 'فريق المراجعة', template: 'review' } });
  for (const [scope, limitMicroUsd] of [
    ['Checkout', 20_000_000],
    ['Research', 1_000],
  ] as const)
    await server.send(`/budgets/squad/${scope}/month`, { method: 'PUT', body: { limitMicroUsd, onExceeded: 'ask' } });
  return id;
}

/** What is open when somebody looks: three that wait for a person, one whose text is coming, one that was only created. */
async function openWork(server: DashboardServer): Promise<Pick<Story, 'running' | 'waiting' | 'runningConvoy'>> {
  const submit = async (body: unknown): Promise<string> =>
    (await server.send<{ readonly id: string }>('/executions', { body })).id;
  await submit({ message: 'Prepare the survey for the spring', start: false });
  // Over its budget before its first call: it waits for somebody to raise it.
  await submit({ squad: 'Research', message: 'What do shops of our size pay for payments?' });
  await submit({ workflow: 'release', input: { what: 'the new prices' } });
  const waiting = await submit({ workflow: 'release', input: { what: 'version 4.2' } });
  const stopped = await submit({ message: `Write the ${endlessWord} of last year` });
  await server.send(`/executions/${stopped}/cancel`, { body: { reason: 'Nobody reads it.' } });
  const running = await submit({ message: `Write a ${endlessWord} for new colleagues` });
  const { id: runningConvoy } = await server.send<{ readonly id: string }>('/convoys', {
    body: { items: [item('outline', []), item(`${endlessWord} of the API`, ['outline']), item('index', ['outline'])] },
  });
  return { waiting, running, runningConvoy };
}

function shopConvoy(): unknown {
  const areas = ['search', 'basket', 'payment', 'account', 'returns', 'help'];
  return {
    squad: 'Checkout',
    items: [
      item('inventory', []),
      ...areas.map((area) => item(`${area}: look`, ['inventory'])),
      ...areas.map((area) => item(`${area}: mend`, [`${area}: look`])),
      item(`summary of ${refusedWord}`, ['returns: mend']),
      item('report', [`summary of ${refusedWord}`, 'search: mend', 'basket: mend']),
    ],
  };
}

function item(key: string, dependsOn: readonly string[]) {
  return { key, role: 'tester', message: `Do it: ${key}.`, ...(dependsOn.length === 0 ? {} : { dependsOn }) };
}
