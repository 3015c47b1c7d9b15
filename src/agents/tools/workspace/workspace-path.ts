import { NonRetryableError } from '../../../kernel/errors.ts';

/** Enough for any project's tree; longer paths fail on some file systems. */
const maxLength = 400;
const maxDepth = 16;
/** What the common file systems take for one name. */
const maxNameBytes = 255;

/** Names from the workspace's folder down; empty for the folder itself. */
export type WorkspacePath = readonly string[];

/** What Windows reads as something else: device names, streams, wildcards. A workspace may be copied anywhere. */
const deviceName = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)(?:\.|$)/i;
const forbiddenCharacter = /[\\:*?"<>|]/;
/** Invisible characters would make two names look like one, or turn their order around. */
const invisibleCharacter = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** A `.git` folder runs commands of whoever wrote it as soon as somebody uses git there. */
const gitFolder = /^\.git$/i;

/**
 * Checks a path that a model wrote, without looking at any disk. Throws a `NonRetryableError` that tells the model what to
 * write instead.
 */
export function parseWorkspacePath(text: string): WorkspacePath {
  if (text.length > maxLength) throw refusal(text, `is longer than ${maxLength} characters`);
  if (invisibleCharacter.test(text)) throw refusal(text, 'contains control or invisible characters');
  if (forbiddenCharacter.test(text)) throw refusal(text, String.raw`contains one of \ : * ? " < > |`);
  if (text.startsWith('/')) throw refusal(text, 'is absolute');
  const names = text
    .normalize('NFC')
    .replace(/^(?:\.\/+)+/, '')
    .replace(/\/+$/, '')
    .split('/');
  if (names.length === 1 && (names[0] === '' || names[0] === '.')) return [];
  if (names[0]?.startsWith('~') === true)
    throw refusal(text, "begins with '~', which other programs read as a home folder");
  if (names.length > maxDepth) throw refusal(text, `is deeper than ${maxDepth} folders`);
  for (const name of names) checkName(text, name);
  return names;
}

/** The path as it is shown: `src/app.ts`, or `.` for the workspace itself. */
export function showPath(path: WorkspacePath): string {
  return path.length === 0 ? '.' : path.join('/');
}

function checkName(text: string, name: string): void {
  if (name === '') throw refusal(text, 'has an empty name between two slashes');
  if (name === '.' || name === '..') throw refusal(text, `contains '${name}'`);
  if (Buffer.byteLength(name) > maxNameBytes) throw refusal(text, `has a name of more than ${maxNameBytes} bytes`);
  if (/^\s|[\s.]$/u.test(name)) throw refusal(text, 'has a name that begins with a space or ends with a space or dot');
  if (deviceName.test(name)) throw refusal(text, `contains the device name '${name}'`);
  if (gitFolder.test(name)) throw refusal(text, `contains '${name}', which is not writable or readable here`);
}

function refusal(text: string, problem: string): NonRetryableError {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return new NonRetryableError(
    `The path ${JSON.stringify(shown)} ${problem}. Name a file inside the workspace, as in 'src/app.ts'.`,
  );
}
