import { bullets, count, list, numbered, section, table } from './offline-blocks.ts';
import type { Contribution, Occasion } from './offline-occasion.ts';
import type { Script } from './offline-planning.ts';
import { bare, quotation, type ReadRequest } from './offline-request.ts';

/** Scripts of the roles that judge what others made. */
export const checkingScripts: Readonly<Record<string, Script>> = {
  tester({ title, tasks, constraints, acceptance }) {
    const criteria = acceptance.length > 0 ? acceptance : tasks.map((task) => task.name);
    return [
      `# Test report: ${title}`,
      '## Verdict',
      `**accept with remarks** - the request asks for “${bare(title)}”, and ${tasks.length === 1 ? 'its one task' : `each of its ${count(tasks.length, 'task')}`} is named in the work. A script reads and does not run, so no criterion counts as met.`,
      '## Acceptance',
      table(
        ['criterion', 'met', 'seen'],
        criteria.map((text) => [text, 'open', 'named, not run']),
      ),
      '## Findings',
      numbered(tasks.slice(0, 4), (task) => `*hurts*: nothing was handed over that shows “${task.name}” at work.`),
      '## Test cases',
      bullets(
        tasks,
        (task) => `“${task.name}”: with nothing, with one, with too many, twice, and as somebody who may not.`,
      ),
      section('## Limits to try', list(constraints.slice(0, 4))),
      '## Not tested',
      'Everything that needs a running system.',
      '## Hand-over',
      `Finding 1, about “${tasks[0]?.name ?? title}”, is the one to begin with.`,
    ];
  },

  reviewer({ title, firstSentence, tasks }) {
    const first = tasks.slice(0, 3);
    return [
      `# Review: ${title}`,
      '## Decision',
      `**approve after changes** - the work answers “${firstSentence}”, and a script cannot judge more than that.`,
      '## Must change',
      numbered(first, (task) => `Show what happens when “${task.name}” fails halfway.`),
      '## Questions',
      bullets(first, (task) => `Who may do “${task.name}”, and with whose data?`),
    ];
  },
};

/** What whoever sums up or reviews for the whole squad answers: who handed over what, beside what was asked. */
export function gatheringScript(request: ReadRequest, { kind, contributions }: Occasion): readonly string[] {
  const { title, firstSentence, tasks, acceptance } = request;
  const criteria = acceptance.length > 0 ? acceptance : tasks.map((task) => task.name);
  return [
    kind === 'summary' ? `# Summary: ${title}` : `# Review of the results: ${title}`,
    '## Verdict',
    `**accept with remarks** - the request says “${firstSentence}”, and ${count(contributions.length, 'answer')} came back. A script has put them side by side and judged none.`,
    '## Who handed over what',
    bullets(contributions, contributionLine),
    '## Open',
    list(criteria.map((text) => `“${bare(text)}”: named, not shown.`)),
  ];
}

function contributionLine({ from, text }: Contribution): string {
  return `**${from}**: “${bare(quotation(text))}”`;
}
