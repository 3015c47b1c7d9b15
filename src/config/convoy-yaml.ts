import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { SquadraError } from '../kernel/errors.ts';

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

/** A convoy as a file describes it. Keys, roles and squads are checked where they are known. */
export type ConvoyFile = z.infer<typeof schema>;

/** Reads the file of a convoy. Throws `INVALID_INPUT` with every problem. */
export function readConvoyYaml(path: string): ConvoyFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SquadraError('INVALID_INPUT', `The convoy cannot be read from ${path}: ${why}.`, { cause });
  }
  const document = parseDocument(text);
  const broken = document.errors.map(({ message }) => message.split('\n', 1)[0] ?? '');
  if (broken.length > 0) throw invalid(path, broken);
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(
    path,
    parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`),
  );
}

function invalid(path: string, problems: readonly string[]): SquadraError {
  return new SquadraError('INVALID_INPUT', `${path} describes no convoy: ${problems.join('; ')}.`, {
    details: { path, problems: [...problems] },
  });
}
