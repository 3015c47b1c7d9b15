import { describe, expect, it } from 'vitest';
import type { Journaled, JournalRecord } from '../../src/work/journal.ts';
import type { WorkItem } from '../../src/work/work-item.ts';
import { inheritanceOf } from '../../src/workflows/inheritance.ts';
import { completedStep, newItem, someUsage } from '../contracts/contract-state.ts';

const originalId = '0199aaaa-0000-7000-8000-000000000001';
const forkId = '0199aaaa-0000-7000-8000-000000000002';

const asked = (stepKey: string): JournalRecord => ({
  kind: 'message',
  message: { role: 'user', kind: 'ask', memberId: 'm', text: `Ask ${stepKey}`, stepKey },
});
const begun = (key: string) => completedStep(key, { type: 'model', phase: 'intent', output: null });
const done = (key: string) => completedStep(key, { type: 'model', usage: someUsage });
const failed = (key: string) =>
  completedStep(key, { type: 'model', phase: 'failed', output: null, error: { name: 'Error', message: 'x' } });

function inherit(from: string, records: readonly JournalRecord[], items: readonly Partial<WorkItem>[] = []) {
  const journal = records.map((record, place): Journaled => ({ ...record, seq: place + 1, at: 0 }));
  const original = { id: originalId, records: journal, items: items.map((item) => newItem(item)) };
  return inheritanceOf(original, from, forkId);
}

const keysOf = ({ records }: ReturnType<typeof inherit>) =>
  records.map((record) => (record.kind === 'step' ? record.key : `(${record.message.stepKey})`));

describe('what a fork takes over', () => {
  it('costs nothing, bears the name of the original, and comes in the order of the commits', () => {
    const { records } = inherit('c', [done('b'), done('a'), done('c'), done('d')]);
    expect(records).toMatchObject([
      { key: 'b', phase: 'completed', usage: null, details: JSON.stringify({ forkedFrom: originalId }) },
      { key: 'a', usage: null },
    ]);
  });

  it('is what began before the step had ended, also when it ended later', () => {
    const records = [
      asked('x'),
      begun('x/model/1'),
      asked('y'),
      begun('y/model/1'),
      done('x/model/1'),
      done('y/model/1'),
    ];
    const items = [
      { stepKey: 'x', status: 'completed' },
      { stepKey: 'y', status: 'completed' },
    ] as const;
    const later = [...records, asked('z'), begun('z/model/1'), done('z/model/1')];
    expect(keysOf(inherit('x', later, items))).toEqual(['(y)', 'y/model/1']);
    expect(keysOf(inherit('y', later, items))).toEqual(['(x)', 'x/model/1']);
  });

  it('is the whole of an ask that began before, calls it made later included', () => {
    const records = [
      asked('x'),
      asked('y'),
      begun('y/model/1'),
      done('x/model/1'),
      done('y/model/1'),
      begun('y/tool/1.1'),
      done('y/tool/1.1'),
    ];
    const inherited = inherit('x', records, [
      { stepKey: 'x', status: 'completed' },
      { stepKey: 'y', status: 'in_progress', title: 'Half done' },
    ]);
    expect(keysOf(inherited)).toEqual(['(y)', 'y/model/1', 'y/tool/1.1']);
    expect(inherited.items).toMatchObject([{ stepKey: 'y', status: 'in_progress', title: 'Half done' }]);
  });

  it('is all the rest when the ask has not answered yet', () => {
    const records = [asked('x'), done('x/model/1'), done('other'), begun('x/model/2')];
    expect(keysOf(inherit('x', records, [{ stepKey: 'x', status: 'in_progress' }]))).toEqual(['other']);
  });

  it('is the first part of an ask when the fork begins inside it, with the files of that part', () => {
    const records = [
      asked('x'),
      done('x/model/1'),
      begun('x/tool/1.1'),
      done('x/tool/1.1'),
      begun('x/model/2'),
      done('x/model/2'),
    ];
    const artifacts = [
      { path: 'a', bytes: 1, stepKey: 'x/tool/1.1' },
      { path: 'b', bytes: 1, stepKey: 'x/tool/2.1' },
    ];
    const inherited = inherit('x/model/2', records, [{ stepKey: 'x', status: 'completed', artifacts }]);
    expect(keysOf(inherited)).toEqual(['(x)', 'x/model/1', 'x/tool/1.1']);
    expect(inherited.items).toMatchObject([{ status: 'in_progress', artifacts: [{ path: 'a' }] }]);
    expect(inherited.items[0]?.id).not.toBe(newItem().id);
  });

  it('leaves out what a scope did, and what could have come of its first step', () => {
    const records = [done('a'), done('round-2/b'), done('c'), done('round-2/d')];
    expect(keysOf(inherit('round-2', records))).toEqual(['a']);
    expect(keysOf(inherit('round-2/d', records))).toEqual(['a', 'round-2/b', 'c']);
    expect(() => inherit('round', records)).toThrow("has no step 'round'");
  });

  it('leaves out what failed, so that it gets another chance', () => {
    expect(keysOf(inherit('c', [failed('a'), done('b'), failed('c')]))).toEqual(['b']);
    expect(keysOf(inherit('x', [asked('x'), done('a'), failed('x/model/1'), done('b')]))).toEqual(['a']);
  });
});
