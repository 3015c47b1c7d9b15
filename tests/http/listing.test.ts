import { describe, expect, it } from 'vitest';
import { pageOfAll } from '../../src/http/listing.ts';

describe('a list that is at hand whole', () => {
  const names = ['a', 'b', 'c'];
  const page = (query: { readonly cursor?: string; readonly limit?: number }) =>
    pageOfAll(names, (name) => name, query);

  it('is answered whole where nothing is said', () => {
    expect(page({})).toEqual({ items: names, nextCursor: null });
    expect(pageOfAll([], String, {})).toEqual({ items: [], nextCursor: null });
  });

  it('says of the last page that it is the last', () => {
    expect(page({ limit: 2 })).toEqual({ items: ['a', 'b'], nextCursor: 'b' });
    expect(page({ limit: 2, cursor: 'b' })).toEqual({ items: ['c'], nextCursor: null });
    expect(page({ limit: 3 })).toEqual({ items: names, nextCursor: null });
    expect(page({ limit: 1, cursor: 'c' })).toEqual({ items: [], nextCursor: null });
  });

  it('refuses a cursor that no page gave', () => {
    expect(() => page({ cursor: 'd' })).toThrow("'d' is no cursor of this list");
  });
});
