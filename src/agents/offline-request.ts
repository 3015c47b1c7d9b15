/** One thing that is asked for. */
export interface Point {
  /** A few words: what is set in bold, or the beginning. */
  readonly name: string;
  readonly text: string;
}

/** What a script can find in a message without understanding it. Lists may be empty, `tasks` is not. */
export interface ReadRequest {
  readonly title: string;
  readonly firstSentence: string;
  readonly tasks: readonly Point[];
  readonly constraints: readonly string[];
  readonly acceptance: readonly string[];
  readonly excluded: readonly string[];
}

interface Section {
  readonly heading: string;
  readonly prose: string[];
  readonly items: string[];
}

const maxTitleLength = 120;
const maxNameLength = 60;
const maxTextLength = 200;
const maxItems = 12;
/** A script needs no more than the first pages, and hostile input may be one endless line. */
const maxReadLength = 64 * 1024;

const headingLine = /^#{1,6}\s+(?<text>.+)$/u;
const itemLine = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ x]\]\s+)?(?<text>\S.*)$/u;
/** How the scripts pass on the title, so that colleagues further down the line find the request again. */
const requestLine = /^Request: “(?<title>.+)”$/u;
const boldStart = /^\*\*(?<name>[^*]+)\*\*/u;

/** Reads any text; the headings that people use for such things say what is what. */
export function readRequest(message: string): ReadRequest {
  const lines = printable(message).split('\n');
  const sections = readSections(lines);
  const sentences = sections.flatMap((section) => sentencesOf(section.prose));
  const tasks = tasksOf(sections);
  const firstSentence = sentences[0] ?? tasks[0] ?? 'nothing';
  return {
    title: titleOf(lines, sections) ?? shorten(firstSentence, maxTitleLength),
    firstSentence: shorten(firstSentence, maxTextLength),
    tasks: (tasks.length > 0 ? tasks : sentences.length > 0 ? sentences : ['nothing']).slice(0, maxItems).map(pointOf),
    constraints: itemsUnder(sections, /^(?:what matters|constraints?|limits)\b/iu),
    acceptance: itemsUnder(sections, /^(?:done when|acceptance)\b/iu),
    excluded: itemsUnder(sections, /^(?:not now|not included|out of scope)\b/iu),
  };
}

function readSections(lines: readonly string[]): readonly Section[] {
  const sections: Section[] = [{ heading: '', prose: [], items: [] }];
  let inItem = false;
  let inCode = false;
  for (const line of lines) {
    const section = sections.at(-1) ?? { heading: '', prose: [], items: [] };
    if (line.startsWith('```')) inCode = !inCode;
    const heading = headingLine.exec(line)?.groups?.text;
    const item = itemLine.exec(line)?.groups?.text;
    if (inCode || line.startsWith('```') || line.startsWith('>') || line.startsWith('|') || line.trim() === '')
      inItem = false;
    else if (heading !== undefined) sections.push({ heading, prose: [], items: [] });
    else if (item !== undefined) section.items.push(item);
    // A line that goes on under an item belongs to it.
    else if (inItem) section.items.push(`${section.items.pop() ?? ''} ${line.trim()}`);
    else if (!requestLine.test(line)) section.prose.push(line);
    inItem = !inCode && (item !== undefined || (inItem && heading === undefined));
  }
  return sections;
}

function titleOf(lines: readonly string[], sections: readonly Section[]): string | undefined {
  const passedOn = lines.flatMap((line) => requestLine.exec(line)?.groups?.title ?? [])[0];
  // The headings a flow puts around what it hands over say nothing of the matter.
  const own = sections.find(({ heading }) => heading !== '' && !/^(?:request$|from\b)/iu.test(heading));
  const heading = own?.heading.replace(/^(?:feature )?request:\s*/iu, '');
  const title = passedOn ?? heading;
  return title === undefined ? undefined : shorten(title, maxTitleLength);
}

/** A colleague's list of tasks before the requester's wishes, and those before any other list. */
function tasksOf(sections: readonly Section[]): readonly string[] {
  const headings = [/^(?:covered )?tasks\b/iu, /\bwants?\b|^(?:features|scope|requirements|goals?)\b/iu, /(?:)/u];
  for (const heading of headings) {
    const found = sections.find((section) => heading.test(section.heading) && section.items.length > 0);
    if (found !== undefined) return found.items;
  }
  return [];
}

function itemsUnder(sections: readonly Section[], heading: RegExp): readonly string[] {
  const section = sections.find((candidate) => heading.test(candidate.heading));
  if (section === undefined) return [];
  const items = section.items.length > 0 ? section.items : sentencesOf(section.prose);
  return items.slice(0, maxItems).map((item) => shorten(item, maxTextLength));
}

/** Lines of fields such as `**From:** Maren` are no sentences. */
function sentencesOf(prose: readonly string[]): readonly string[] {
  const text = prose.filter((line) => !/^\*\*[^*]+:\*\*/u.test(line)).join(' ');
  return text.match(/\S[^.!?]*(?:[.!?](?!\s|$)[^.!?]*)*[.!?]?/gu) ?? [];
}

/** A point with the name it bears in a list. */
export function pointOf(text: string): Point {
  const name = boldStart.exec(text)?.groups?.name ?? text;
  return { name: bare(shorten(name, maxNameLength)), text: shorten(text, maxTextLength) };
}

/** The first line of a text that says something in words, for a quotation. */
export function quotation(text: string): string {
  const line = printable(text)
    .split('\n')
    .find((candidate) => /^[^>{}[\]]*\p{L}/u.test(candidate));
  return shorten((line ?? 'nothing').replace(/^#+\s*/u, ''), maxTitleLength);
}

/** Without the full stop, so that it can stand inside a sentence. */
export function bare(text: string): string {
  return text.replace(/[.!?;,:]+$/u, '');
}

function shorten(text: string, maxLength: number): string {
  const plain = text
    .slice(0, 4 * maxLength)
    .replaceAll(/[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}/gu, '')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  if (plain.length <= maxLength) return plain;
  const cut = plain.slice(0, maxLength);
  const space = cut.lastIndexOf(' ');
  return `${cut.slice(0, space > maxLength / 2 ? space : maxLength).toWellFormed()}…`;
}

const escapeSequence = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, 'gu');

/** A script quotes what it was given, and its answers are shown in terminals. */
function printable(text: string): string {
  return text
    .slice(0, maxReadLength)
    .replaceAll(/\r\n?/gu, '\n')
    .replaceAll(escapeSequence, '')
    .replaceAll(/(?![\n\t])\p{Cc}/gu, '')
    .toWellFormed();
}
