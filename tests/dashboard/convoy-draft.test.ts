import { describe, expect, it } from 'vitest';
import {
  convoyOfDocument,
  emptyItem,
  faultsOf,
  itemsOfRows,
  rowsOfItems,
} from '../../dashboard/src/convoys/convoy-draft.ts';
import { groupReasons } from '../../dashboard/src/convoys/reasons.ts';

describe('the text of a convoy', () => {
  it('is a convoy, or a list of items', () => {
    const items = [{ key: 'a' }];
    expect(convoyOfDocument(items)).toEqual({ items });
    expect(convoyOfDocument({ squad: 'software', items })).toEqual({ squad: 'software', items });
  });

  it.each(['plan', null, 7, { squad: 'software' }, { items: 'a' }])('is not %j', (document) => {
    expect(() => convoyOfDocument(document)).toThrow(/items/);
  });
});

describe('rows of items', () => {
  it('become what the API takes, without what nobody typed', () => {
    const rows = [
      { ...emptyItem, key: ' plan ', role: 'tester', message: 'Plan.' },
      emptyItem,
      { ...emptyItem, key: 'b', role: 'tester', message: 'B.', dependsOn: 'plan, , c,', priority: '-5' },
    ];
    expect(itemsOfRows(rows)).toEqual([
      { key: 'plan', role: 'tester', message: 'Plan.' },
      { key: 'b', role: 'tester', message: 'B.', dependsOn: ['plan', 'c'], priority: -5 },
    ]);
  });

  it('are made of a text, and give the same items again', () => {
    const items = [
      { key: 'a', role: 'tester', message: '<script>' },
      { key: 'b', role: 'tester', message: 'مرحبا', dependsOn: ['a'], priority: 10 },
    ];
    expect(itemsOfRows(rowsOfItems(items))).toEqual(items);
    expect(rowsOfItems([null, 'x', { key: {}, dependsOn: 'a' }])).toEqual([emptyItem, emptyItem, emptyItem]);
  });
});

describe('faults', () => {
  it('stand at the item they are about', () => {
    expect(
      faultsOf(
        [
          { path: 'items.3.message', message: 'too short' },
          { path: 'items.0', message: 'unknown role' },
          { path: 'items', message: 'none' },
          { path: 'timeout', message: 'no duration' },
        ],
        [{ ...emptyItem, key: 'plan' }],
      ),
    ).toEqual([
      { place: 3, key: '', field: 'message', message: 'too short' },
      { place: 0, key: 'plan', field: '', message: 'unknown role' },
      { place: null, key: '', field: 'items', message: 'none' },
      { place: null, key: '', field: 'timeout', message: 'no duration' },
    ]);
  });
});

describe('reasons', () => {
  it('are told once for all items that share them, failures first', () => {
    const items = [
      { key: 'a', status: 'completed', reason: null },
      { key: 'b', status: 'cancelled', reason: 'c failed' },
      { key: 'c', status: 'failed', reason: 'no answer' },
      { key: 'd', status: 'cancelled', reason: 'c failed' },
      { key: 'e', status: 'failed', reason: null },
    ];
    expect(
      groupReasons(items).map(({ status, reason, items: these }) => [status, reason, these.map(({ key }) => key)]),
    ).toEqual([
      ['failed', 'no answer', ['c']],
      ['failed', 'Nobody said why.', ['e']],
      ['cancelled', 'c failed', ['b', 'd']],
    ]);
  });
});
