import message from '../../../examples/feature-request.md?raw';
import { ProblemError } from '../../../src/client.ts';
import type { NewSquad } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';

const members = ['project_manager', 'backend_developer', 'tester'];
/** The first is the squad that `squadra demo` makes. A squad of that name that is not offline would cost something: then the second. */
const names = ['demo', 'offline-demo'];

function squadOf(name: string): NewSquad {
  return {
    name,
    description: 'Three members on the offline script, for `squadra demo`.',
    members: members.map((role) => ({ role, provider: 'offline', tools: ['list', 'read', 'write', 'edit'] })),
  };
}

/** Has a page-long request done by a squad whose answers come from a script: no provider is asked. Returns the execution's id. */
export async function runExample(): Promise<string> {
  const { id } = await squadra.submit({ squad: await offlineSquad(), message });
  return id;
}

async function offlineSquad(): Promise<string> {
  for (const name of names) {
    const squad = await findOrCreate(name);
    if (squad.members.every(({ provider }) => provider === 'offline')) return squad.id;
  }
  throw new Error(`The squads ${names.join(' and ')} are not offline any more: delete one of them to run the example.`);
}

async function findOrCreate(name: string) {
  try {
    return await squadra.squads.create(squadOf(name));
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'NAME_TAKEN') throw error;
    return squadra.squads.get(name);
  }
}
