import { describe, expect, it } from 'vitest';
import { readPageBy } from '../../src/orchestrator/page.ts';
import type { PageFormat } from '../../src/orchestrator/page.ts';

/** A list of numbers; a cursor is the number of the last one. */
const numbers: PageFormat<number, number> = { write: String, read: Number };

/** A store that holds 1 to `count` and notes how many were asked for at once. */
function store(count: number) {
  const asked: number[] = [];
  const read = (limit: number, after = 0): Promise<readonly number[]> => {
    asked.push(limit);
    return Promise.resolve(Array.from({ length: Math.min(limit, count - after) }, (_, index) => after + index + 1));
  };
  return { asked, read };
}

async function pagesOf(format: PageFormat<number, number>, count: number, limit: number) {
  const { asked, read } = store(count);
  const pages: (readonly number[])[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const { items, nextCursor }: Awaited<ReturnType<typeof readPageBy<number, number>>> = await readPageBy(
      format,
      { cursor, limit },
      read,
    );
    pages.push(items);
    cursor = nextCursor;
  }
  return { pages, asked };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('a list, read page by page', () => {
  it.each([
    [0, 10, 1],
    [1, 10, 1],
    [10, 10, 1],
    [11, 10, 2],
    [200, 200, 1],
    [201, 200, 2],
    [7, 1, 7],
  ])('has each of its %i items once, %i on a page, and no page for nothing', async (count, limit, expected) => {
    for (const format of [numbers, { ...numbers, lengthOf: () => 10 }]) {
      const { pages } = await pagesOf(format, count, limit);
      expect(pages.flat()).toEqual(upTo(count));
      expect(pages).toHaveLength(expected);
    }
  });

  it('is read in one go where items are short by nature', async () => {
    expect((await pagesOf(numbers, 150, 200)).asked).toEqual([201]);
  });

  it('has pages as long as one answer may be where items are long, and reads few of those at once', async () => {
    const { pages, asked } = await pagesOf({ ...numbers, lengthOf: () => 1024 * 1024 }, 100, 200);
    expect(pages.flat()).toEqual(upTo(100));
    expect(pages.map((page) => page.length)).toEqual([...Array.from({ length: 12 }, () => 8), 4]);
    expect(Math.max(...asked)).toBe(32);
  });

  it('has at least one item on a page, however long that is', async () => {
    const { pages } = await pagesOf({ ...numbers, lengthOf: () => 1e9 }, 3, 200);
    expect(pages).toEqual([[1], [2], [3]]);
  });

  it('refuses a limit that is none', async () => {
    for (const limit of [0, 201, 1.5, Number.NaN])
      await expect(readPageBy(numbers, { limit }, store(1).read)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
