import { numbered, section, taskLine } from './offline-blocks.ts';
import { buildingScripts } from './offline-building.ts';
import { checkingScripts, gatheringScript } from './offline-checking.ts';
import { dataScripts } from './offline-data.ts';
import { type Occasion, readOccasion } from './offline-occasion.ts';
import { planningScripts, type Script } from './offline-planning.ts';
import { pointOf, readRequest, type ReadRequest } from './offline-request.ts';

const notice =
  '> Offline script: no language model wrote this. Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GROQ_API_KEY or OLLAMA_BASE_URL to get real answers.';

const scripts: ReadonlyMap<string, Script> = new Map(
  Object.entries({ ...planningScripts, ...buildingScripts, ...dataScripts, ...checkingScripts }),
);

/** What a role answers when no model is configured: the request's own words in the shape that role gives its work. */
export function offlineAnswer(role: string, message: string): string {
  const occasion = readOccasion(message);
  const whole = readRequest(occasion.message);
  // Whoever was given a part of the request speaks of that part.
  const request = occasion.task === null ? whole : { ...whole, tasks: [pointOf(occasion.task)] };
  const [heading = '', ...rest] = blocksOf(role, request, occasion);
  return `${[notice, heading, `Request: “${request.title}”`, ...rest].filter((block) => block !== '').join('\n\n')}\n`;
}

function blocksOf(role: string, request: ReadRequest, occasion: Occasion): readonly string[] {
  const { kind, round, contributions } = occasion;
  if (kind === 'summary' || kind === 'review') return gatheringScript(request, occasion);
  const blocks = scripts.get(role)?.(request) ?? unknownRole(request, role);
  if (kind !== 'draft') return blocks;
  const said = readRequest(contributions.at(-1)?.text ?? '').tasks;
  const answers = numbered(said, ({ name }) => `“${name}”: read, and answered by a script that cannot mend anything.`);
  return [...blocks, section(`## Findings dealt with in draft ${round}`, answers)];
}

function unknownRole({ title, firstSentence, tasks }: ReadRequest, role: string): readonly string[] {
  const who = role === '' ? 'this agent' : `the role ${role}`;
  return [
    `# ${title}`,
    `There is no script for ${who}; this is what it read: “${firstSentence}”`,
    numbered(tasks, taskLine),
  ];
}
