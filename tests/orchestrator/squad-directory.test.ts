import { beforeEach, describe, expect, it } from 'vitest';
import { squadTag } from '../../src/cache/cache.ts';
import { MemoryCache } from '../../src/cache/memory/memory-cache.ts';
import { createIds } from '../../src/kernel/id.ts';
import { SquadDirectory } from '../../src/orchestrator/squad-directory.ts';
import { readCatalogue } from '../../src/squads/catalogue.ts';
import type { SquadStore } from '../../src/squads/squad-store.ts';
import { SquadraError } from '../../src/kernel/errors.ts';
import type { Squad } from '../../src/squads/squad.ts';
import { TestClock } from '../../src/testing/test-clock.ts';

const clock = new TestClock();
const parts = { catalogue: readCatalogue(), ids: createIds(clock), clock, tools: { check: () => {} } };

/** A store in memory that counts what is read, and can be told to answer late. */
class Shelf {
  reads = 0;
  late: Promise<void> = Promise.resolve();
  readonly #squads = new Map<string, Squad>();

  readonly store: { -readonly [Method in keyof SquadStore]: SquadStore[Method] } = {
    create: async (_, squad) => {
      if (this.#find(squad.name) !== null) throw new SquadraError('NAME_TAKEN', 'There is one.');
      this.#squads.set(squad.id, squad);
    },
    find: async (_, idOrName) => {
      this.reads++;
      const found = this.#find(idOrName);
      await this.late;
      return found;
    },
    atVersion: async (_, id, version) => {
      this.reads++;
      const found = this.#squads.get(id);
      return found?.version === version ? found : null;
    },
    list: async () => [...this.#squads.values()],
    replace: async (_, squad) => void this.#squads.set(squad.id, squad),
    remove: async (_, id) => void this.#squads.delete(id),
  };

  #find(idOrName: string): Squad | null {
    const named = [...this.#squads.values()].find(({ name }) => name === idOrName);
    return this.#squads.get(idOrName) ?? named ?? null;
  }
}

let shelf: Shelf;
let cache: MemoryCache;
let directory: SquadDirectory;
beforeEach(() => {
  shelf = new Shelf();
  cache = new MemoryCache({ cacheEntries: 10 }, clock);
  directory = new SquadDirectory(shelf.store, { ...parts, cache });
});

describe('finding a squad', () => {
  it('reads it once, by name and by id', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    for (let turn = 0; turn < 5; turn++) {
      expect(await directory.resolve('t', 'crew')).toEqual(squad);
      expect(await directory.resolve('t', squad.id)).toEqual(squad);
      expect(await directory.pinned('t', squad.id, 1)).toEqual(squad);
    }
    expect(shelf.reads).toBe(3);
  });

  it('makes that of a template when it is first asked for, once', async () => {
    const both = await Promise.all([directory.resolve('t', 'software'), directory.resolve('t', 'software')]);
    expect(both[0]).toEqual(both[1]);
    expect((await directory.list('t', { limit: 10 })).map(({ name }) => name)).toEqual(['software']);
  });

  it('tells of one that does not exist', async () => {
    await expect(directory.resolve('t', 'nobody')).rejects.toMatchObject({ code: 'UNKNOWN_SQUAD' });
    await expect(directory.get('t', 'nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await directory.pinned('t', 'nobody', 1)).toBeNull();
  });

  it('finds the new version after a change, also where it was being read meanwhile', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    const slow = Promise.withResolvers<void>();
    shelf.late = slow.promise;
    const reading = directory.resolve('t', squad.id);
    const changed = await directory.change('t', squad, { change: 'update', description: 'another' });
    slow.resolve();
    expect((await reading).version).toBe(1);
    expect(await directory.resolve('t', 'crew')).toEqual(changed);
    expect(changed).toMatchObject({ version: 2, description: 'another' });
  });

  it('reads anew after a change that was refused: what was kept may be why', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    await directory.resolve('t', 'crew');
    // Somebody else, in another process.
    await shelf.store.replace('t', { ...squad, version: 2, description: 'theirs' });
    shelf.store.replace = () => Promise.reject(new SquadraError('STALE_VERSION', 'It is at version 2.'));
    const change = directory.change('t', squad, { change: 'update', description: 'ours' });
    await expect(change).rejects.toMatchObject({ code: 'STALE_VERSION' });
    expect(await directory.get('t', 'crew')).toMatchObject({ version: 2, description: 'theirs' });
  });

  it('keeps the other squads of a tenant when one changes, and finds each by its id and its name', async () => {
    const [mine, other] = [
      await directory.create('t', { name: 'mine', members: [{ role: 'tester' }] }),
      await directory.create('t', { name: 'other', members: [{ role: 'tester' }] }),
    ];
    for (const name of ['mine', 'other', mine.id, other.id]) await directory.get('t', name);
    const changed = await directory.change('t', mine, { change: 'update', description: 'changed' });
    const before = shelf.reads;
    expect([await directory.get('t', 'other'), await directory.get('t', other.id)]).toEqual([other, other]);
    expect(shelf.reads).toBe(before);
    expect([await directory.get('t', 'mine'), await directory.get('t', mine.id)]).toEqual([changed, changed]);
    expect(shelf.reads).toBe(before + 1);
  });

  it('finds a squad by its new name alone, and another one that took the old name', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    await directory.get('t', 'crew');
    const renamed = await directory.change('t', squad, { change: 'update', name: 'band' });
    await expect(directory.get('t', 'crew')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await directory.get('t', 'band')).toEqual(renamed);
    const heir = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    expect(await directory.get('t', 'crew')).toEqual(heir);
  });

  it('does not take a name for what another process gave to another squad', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    await directory.get('t', 'crew');
    // There; what it told of it were the squads, and not the name.
    await shelf.store.replace('t', { ...squad, version: 2, name: 'band' });
    await shelf.store.create('t', { ...squad, id: parts.ids(), name: 'crew', description: 'heir' });
    await cache.forgetTag(squadTag(squad.id));
    expect(await directory.get('t', 'crew')).toMatchObject({ name: 'crew', description: 'heir' });
    expect(await directory.get('t', 'crew')).toMatchObject({ name: 'crew', description: 'heir' });
  });

  it('keeps the squads of other tenants when one changes, and reads each version once', async () => {
    const mine = await directory.create('t', { name: 'mine', members: [{ role: 'tester' }] });
    const theirs = await directory.create('u', { name: 'theirs', members: [{ role: 'tester' }] });
    await directory.resolve('u', 'theirs');
    await directory.change('t', mine, { change: 'update', description: 'changed' });
    const before = shelf.reads;
    expect(await directory.get('u', 'theirs')).toEqual(theirs);
    expect(shelf.reads).toBe(before);
  });

  it('finds none after it was removed', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    await directory.resolve('t', 'crew');
    await directory.remove('t', squad.id);
    await expect(directory.resolve('t', 'crew')).rejects.toMatchObject({ code: 'UNKNOWN_SQUAD' });
  });
});

describe('changing what is stored', () => {
  it('decides again when another change came between', async () => {
    const { id } = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    const { replace } = shelf.store;
    let isFirst = true;
    shelf.store.replace = async (tenant, squad) => {
      if (!isFirst) return replace(tenant, squad);
      isFirst = false;
      await replace(tenant, { ...squad, name: 'others', description: 'from somebody else' });
      throw new SquadraError('STALE_VERSION', 'Somebody else was first.');
    };
    const seen: number[] = [];
    const amended = await directory.amend('t', id, (squad) => {
      seen.push(squad.version);
      return { change: 'update', name: 'mine' };
    });
    expect(seen).toEqual([1, 2]);
    expect(amended).toMatchObject({ version: 3, name: 'mine', description: 'from somebody else' });
  });

  it('changes nothing when the decision is to refuse', async () => {
    const squad = await directory.create('t', { name: 'crew', members: [{ role: 'tester' }] });
    const refusal = new SquadraError('STALE_VERSION', 'Not this one.');
    const refuse = (): never => {
      throw refusal;
    };
    await expect(directory.amend('t', squad.id, refuse)).rejects.toBe(refusal);
    await expect(directory.remove('t', squad.id, refuse)).rejects.toBe(refusal);
    expect(await directory.get('t', squad.id)).toEqual(squad);
    await expect(directory.amend('t', 'gone', refuse)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
