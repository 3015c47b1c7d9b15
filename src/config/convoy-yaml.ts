import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';
import { lineOf, placeOf, syntaxProblems } from './yaml-place.ts';

const name = z.string().trim().min(1);
const schema = z.strictObject({
  squad: name.exactOptional(),
  parallelism: z.union([z.literal('auto'), z.int().min(1)]).exactOptional(),
  stopOnFirstFailure: z.boolean().exactOptional(),
  timeout: z.union([z.number(), name]).exactOptional(),
  baselineParallelism: z.int().min(1).exactOptional(),
  maxParallelism: z.int().min(1).exactOptional(),
  cpuThreshold: z.number().exactOptional(),
  memoryThreshold: z.number().exactOptional(),
  items: z
    .array(
      z.strictObject({
        key: name,
        role: name.exactOptional(),
        memberId: name.exactOptional(),
        message: z.string().min(1),
        dependsOn: z.array(name).exactOptional(),
        priority: z.int().exactOptional(),
      }),
    )
    .min(1),
});

/** A convoy as a file describes it, and where its items stand. Keys, roles and squads are checked where they are known. */
export interface ConvoyFile {
  readonly request: z.infer<typeof schema>;
  /** The lines on which items of that key begin. */
  linesOf(key: string): readonly number[];
}

/** Reads the file of a convoy. Throws `INVALID_INPUT` with every problem and its line (`details: { path, problems }`). */
export function readConvoyYaml(path: string): ConvoyFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines });
  if (document.errors.length > 0) throw invalid(path, syntaxProblems(document));
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success)
    throw invalid(
      path,
      parsed.error.issues.map((issue) => `${placeOf(document, lines, issue.path)}${issue.message}`),
    );
  const { items } = parsed.data;
  return {
    request: parsed.data,
    linesOf: (key) =>
      items.flatMap((item, place) => (item.key === key ? (lineOf(document, lines, ['items', place]) ?? []) : [])),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SquadraError('INVALID_INPUT', `The tasks cannot be read from ${path}: ${why}.`, {
      cause,
      details: { path, problems: ['cannot be read'] },
    });
  }
}

function invalid(path: string, problems: readonly string[]): SquadraError {
  const listed = problems.map((problem) => `  - ${problem}`).join('\n');
  return new SquadraError(
    'INVALID_INPUT',
    `${path} describes no convoy:\n${listed}\nCorrect the file and run it again; \`squadra convoy run --help\` shows one.`,
    { details: { path, problems: [...problems] } },
  );
}
