import { expect, it } from 'vitest';
import { findExecution, findUnfinished } from '../../src/cli/execution-id.ts';
import type { ListExecutions } from '../../src/cli/execution-id.ts';
import { idLength } from '../../src/cli/commands/list.ts';
import { execution } from './view/events.ts';

const ids = [
  '0199a1b2-c3d4-7000-8000-000000000001',
  '0199a1b2-c3d4-7000-8000-000000000002',
  '0199ffff-0000-7000-8000-000000000003',
];

/** The store's list: newest first, `before` as text in order. */
const list: ListExecutions = async ({ before, limit, status }) =>
  ids
    .map((id) => ({ ...execution, id, status: id.endsWith('2') ? ('waiting' as const) : ('completed' as const) }))
    .filter((each) => (before === undefined || each.id < before) && (status === undefined || each.status === status))
    .toReversed()
    .slice(0, limit);

it('finds an execution by its id, the beginning of it, or as the latest', async () => {
  expect(await findExecution(list, ids[0]?.toUpperCase() ?? '')).toBe(ids[0]);
  expect(await findExecution(list, '0199f')).toBe(ids[2]);
  expect(await findExecution(list, 'latest')).toBe(ids[2]);
  expect(await findExecution(list, ids[1]?.slice(0, 36) ?? '')).toBe(ids[1]);
});

it('refuses a beginning that fits several, none, or is none', async () => {
  await expect(findExecution(list, '0199a1b2')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining(ids[1] ?? ''),
  });
  await expect(findExecution(list, '0198')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(findExecution(list, "'; DROP")).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(findExecution(async () => [], 'latest')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('finds the newest that is not over', async () => {
  expect(await findUnfinished(list)).toMatchObject({ id: ids[1] });
  expect(await findUnfinished(async () => [])).toBeNull();
});

it('shows as much of an id as tells those in a list apart', () => {
  expect(idLength([])).toBe(13);
  expect(idLength([ids[0] ?? '', ids[2] ?? ''])).toBe(13);
  expect(idLength(ids)).toBe(36);
});
