import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { offlineObject } from '../../src/agents/offline-object.ts';

const request = '# Request: a garden\n\nPlease make a garden.\n\n## Tasks\n\n1. Dig.\n2. Plant.\n3. Water.\n';

/** What the script fills a schema with, checked by the schema. */
function filled<T>(schema: z.ZodType<T>, message: string = request): T {
  return schema.parse(offlineObject(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), message));
}

function inRound(round: number): string {
  return `Review of draft ${round} (round ${round} of 3).\n\nJudge.\n\n# Request\n\n${request}`;
}

describe('an object of the offline script', () => {
  it('speaks of one point in each entry of a list', () => {
    expect(filled(z.object({ steps: z.array(z.object({ what: z.string() })) })).steps).toEqual([
      { what: 'Dig.' },
      { what: 'Plant.' },
      { what: 'Water.' },
    ]);
  });

  it('gives everybody a part where the entries of a list choose among members, and counts up', () => {
    const task = z.object({
      number: z.int(),
      member: z.string().meta({ enum: ['ann', 'ben', 'cleo', 'dora'] }),
      task: z.string(),
      needs: z.array(z.int()),
    });
    expect(filled(z.object({ tasks: z.array(task).min(1).max(50) })).tasks).toEqual([
      { number: 1, member: 'ann', task: 'Dig.', needs: [] },
      { number: 2, member: 'ben', task: 'Plant.', needs: [] },
      { number: 3, member: 'cleo', task: 'Water.', needs: [] },
      { number: 4, member: 'dora', task: 'a garden', needs: [] },
    ]);
    expect(filled(z.object({ tasks: z.array(task).max(2) })).tasks).toHaveLength(2);
  });

  it('takes the first choice in the first round, and the next in each later one', () => {
    const schema = z.object({ verdict: z.enum(['revise', 'accept']) });
    const verdicts = [request, inRound(1), inRound(2), inRound(3)].map((message) => filled(schema, message).verdict);
    expect(verdicts).toEqual(['revise', 'revise', 'accept', 'accept']);
  });

  it('finds nothing in what it accepts', () => {
    const verdict = z.enum(['revise', 'accept']);
    const schema = z.object({ findings: z.array(z.string()), verdict, praise: z.array(z.string()) });
    expect(filled(schema, inRound(1)).findings).not.toEqual([]);
    expect(filled(schema, inRound(2))).toMatchObject({ verdict: 'accept', findings: [] });
    expect(filled(schema, inRound(2)).praise).not.toEqual([]);
    const strict = z.object({ verdict, findings: z.array(z.string()).min(1) });
    expect(strict.parse(filled(strict, inRound(2)))).toMatchObject({ verdict: 'accept' });
  });

  it('says that it is a script where people read, if there is room', () => {
    expect(filled(z.object({ summary: z.string(), name: z.string() }))).toEqual({
      summary: 'Offline script, no model: “a garden”',
      name: 'Dig.',
    });
    expect(filled(z.object({ summary: z.string().max(10) })).summary).toBe('Dig.');
  });

  it('keeps within bounds, in lists too', () => {
    const schema = z.object({
      sizes: z.array(z.object({ size: z.int().min(3).max(4) })),
      nothing: z.array(z.number()),
    });
    expect(filled(schema)).toEqual({ sizes: [{ size: 3 }, { size: 4 }, { size: 4 }], nothing: [] });
    expect(filled(z.object({ few: z.array(z.number()).min(2) })).few).toEqual([1, 2]);
  });
});
