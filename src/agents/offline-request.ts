/** What a script can find in a message without understanding it. */
export interface ReadRequest {
  /** Its heading, or its first sentence. */
  readonly title: string;
  /** The first sentence of its running text. */
  readonly firstSentence: string;
  /** What it lists; without a list, its sentences. */
  readonly points: readonly string[];
}

const maxTitleLength = 120;
const maxPointLength = 160;
const maxPoints = 12;
/** A script needs no more than the first pages, and hostile input may be one endless line. */
const maxReadLength = 64 * 1024;

/** How the scripts themselves pass on the title, so that colleagues further down the line find the request again. */
export const requestLine = /^Request: [“"](?<title>.+)[”"]$/mu;
const heading = /^#{1,6}\s+(?<text>.+)$/u;
const listed = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ x]\]\s+)?(?<text>.+)$/u;

/** Reads title, first sentence and points out of any text. */
export function readRequest(message: string): ReadRequest {
  const lines = printable(message).split('\n');
  const prose = lines.filter((line) => line.trim() !== '' && !heading.test(line) && !listed.test(line) && !line.startsWith('>'));
  const sentences = prose.join(' ').match(/[^.!?]+[.!?]?/gu)?.map((sentence) => shorten(sentence, maxPointLength)) ?? [];
  const points = pointsOf(lines);
  const firstSentence = sentences[0] ?? points[0] ?? 'nothing';
  return {
    title: shorten(titleOf(lines) ?? firstSentence, maxTitleLength),
    firstSentence,
    points: (points.length > 0 ? points : sentences).slice(0, maxPoints),
  };
}

function titleOf(lines: readonly string[]): string | undefined {
  const passedOn = requestLine.exec(lines.join('\n'))?.groups?.title;
  if (passedOn !== undefined) return passedOn;
  for (const line of lines) {
    const text = heading.exec(line)?.groups?.text;
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A plan of a colleague has a section of tasks; then those count and not every list of the message. */
function pointsOf(lines: readonly string[]): string[] {
  const start = lines.findIndex((line) => /^#{1,6}\s+(?:covered )?tasks\s*$/iu.test(line));
  const end = start === -1 ? -1 : lines.findIndex((line, index) => index > start && heading.test(line));
  const section = start === -1 ? lines : lines.slice(start, end === -1 ? undefined : end);
  const points = section.flatMap((line) => listed.exec(line)?.groups?.text ?? []).map((text) => shorten(text, maxPointLength));
  return [...new Set(points)];
}

function shorten(text: string, maxLength: number): string {
  const plain = text.replaceAll(/[*_`]{1,3}/gu, '').replaceAll(/\s+/gu, ' ').trim();
  if (plain.length <= maxLength) return plain;
  const cut = plain.slice(0, maxLength);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), maxLength - 20))}…`;
}

/** A script quotes what it was given, and its answers are shown in terminals. */
function printable(text: string): string {
  return text
    .slice(0, maxReadLength)
    .replaceAll(/\r\n?/gu, '\n')
    .replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/gu, '')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu, '')
    .toWellFormed();
}
