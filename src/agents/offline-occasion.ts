/** What a colleague handed over. */
export interface Contribution {
  /** `Ada (tester), task 2`. */
  readonly from: string;
  readonly text: string;
}

/** Why a flow asks, read from the first line that it puts before the request. */
export interface Occasion {
  /** `request` where nothing stands before it. */
  readonly kind: 'request' | 'plan' | 'task' | 'summary' | 'review' | 'draft';
  /** 1 in the first round, and where there are no rounds. */
  readonly round: number;
  /** What a task asks for; null for any other kind. */
  readonly task: string | null;
  readonly contributions: readonly Contribution[];
  /** The request, and what colleagues made of it. */
  readonly message: string;
}

/** A script needs no more than the first pages. */
const maxReadLength = 64 * 1024;

const firstLine = /^(?:(?<kind>Plan|Summary|Review) of |(?<draft>Draft) \d|Task \d+: (?<task>.*))/u;
const roundOf = /\(round (?<round>\d+) of \d+\)/u;
const fromHeading = /^# From (?<from>.+)$/gmu;

/** Reads any text; what no flow wrote is a request. */
export function readOccasion(whole: string): Occasion {
  const text = whole.slice(0, maxReadLength);
  const first = firstLine.exec(text)?.groups;
  const request = text.indexOf('\n# Request\n');
  const isFramed = first !== undefined && request >= 0;
  const message = isFramed ? text.slice(request + 1) : text;
  const contributions = contributionsOf(message);
  if (!isFramed) return { kind: 'request', round: 1, task: null, contributions, message };
  const round = Number(roundOf.exec(text.slice(0, text.indexOf('\n')))?.groups?.round ?? 1);
  return { kind: kindOf(first), round, task: first.task ?? null, contributions, message };
}

function kindOf(first: Readonly<Record<string, string | undefined>>): Occasion['kind'] {
  if (first.task !== undefined) return 'task';
  if (first.draft !== undefined) return 'draft';
  return first.kind === 'Plan' ? 'plan' : first.kind === 'Summary' ? 'summary' : 'review';
}

function contributionsOf(message: string): readonly Contribution[] {
  const headings = [...message.matchAll(fromHeading)];
  return headings.map((heading, place) => ({
    from: heading.groups?.from ?? '',
    text: message.slice(heading.index + heading[0].length, headings[place + 1]?.index).trim(),
  }));
}
