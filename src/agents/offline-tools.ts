import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';

/** A tool that the script calls. */
export interface OfflineCall {
  readonly name: string;
  readonly input: Readonly<Record<string, string>>;
}

interface WorkFile {
  readonly path: string;
  readonly text: string;
}

/** Where a role's work goes that is no code; other roles get a file of their own name. */
const documents: Readonly<Record<string, string>> = {
  project_manager: 'plan.md',
  ai_ml_project_manager: 'plan.md',
  tester: 'review.md',
  reviewer: 'review.md',
  solution_architect: 'architecture.md',
};

/** A block of code whose first line is a comment that names its file. */
const codeBlock = /^```\w+\n(?<mark>\/\/|#|--) (?<path>[^\s]+\.\w+)\n(?<code>[\s\S]*?)^```$/gmu;
const codeNotice = 'Offline script: no language model wrote this.';

/** What the script does before it gives its answer: it looks which files there are, and saves its work beside them. */
export function offlineCalls(
  options: LanguageModelV4CallOptions,
  role: string,
  answer: string,
): readonly OfflineCall[] {
  const offered = new Set((options.tools ?? []).map(({ name }) => name));
  const results = toolResults(options);
  const has = (name: string): boolean => results.some(({ toolName }) => toolName === name);
  if (!offered.has('write') || options.responseFormat?.type === 'json' || has('write')) return [];
  if (offered.has('list') && !has('list')) return [{ name: 'list', input: {} }];
  const listed = results.filter(({ toolName }) => toolName === 'list').map(({ text }) => text);
  const taken = new Set(listed.flatMap((text) => text.split('\n').map((line) => line.replace(/ \(\d+ bytes\)$/u, ''))));
  return filesOf(role, answer).map(({ path, text }) => ({
    name: 'write',
    input: { path: freePath(path, taken), text },
  }));
}

/** The files that the script has saved in this conversation. */
export function savedFiles(options: LanguageModelV4CallOptions): readonly string[] {
  const done = new Set(
    toolResults(options).flatMap(({ toolName, isError, id }) => (toolName === 'write' && !isError ? [id] : [])),
  );
  return options.prompt.flatMap((message) =>
    message.role !== 'assistant'
      ? []
      : message.content.flatMap((part) =>
          part.type === 'tool-call' && done.has(part.toolCallId) ? pathOf(part.input) : [],
        ),
  );
}

function toolResults({ prompt }: LanguageModelV4CallOptions) {
  return prompt.flatMap((message) =>
    message.role !== 'tool'
      ? []
      : message.content.flatMap((part) => {
          if (part.type !== 'tool-result') return [];
          const { toolCallId: id, toolName, output } = part;
          const isError = output.type !== 'text';
          return [{ id, toolName, isError, text: output.type === 'text' ? output.value : '' }];
        }),
  );
}

function pathOf(input: unknown): readonly string[] {
  if (typeof input !== 'object' || input === null || !('path' in input)) return [];
  return typeof input.path === 'string' ? [input.path] : [];
}

/** Code goes into files of its own; work without code is a document. */
function filesOf(role: string, answer: string): readonly WorkFile[] {
  const blocks = [...answer.matchAll(codeBlock)].flatMap(({ groups }) =>
    groups?.path === undefined ? [] : [{ path: groups.path, text: `${groups.mark} ${codeNotice}\n${groups.code}` }],
  );
  if (blocks.length > 0) return blocks;
  return [{ path: documents[role] ?? `${role === '' ? 'work' : role.replaceAll('_', '-')}.md`, text: answer }];
}

/** `plan.md`, or `plan-2.md` where a colleague has written one. */
function freePath(path: string, taken: ReadonlySet<string>): string {
  const dot = path.lastIndexOf('.');
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? path : `${path.slice(0, dot)}-${number}${path.slice(dot)}`;
    if (!taken.has(candidate)) return candidate;
  }
}
