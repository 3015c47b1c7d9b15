import { LRUCache } from 'lru-cache';
import { SquadraError } from '../kernel/errors.ts';
import { buildSquad } from '../squads/build-squad.ts';
import type { SquadParts } from '../squads/build-squad.ts';
import { changeSquad } from '../squads/change-squad.ts';
import type { SquadChange } from '../squads/squad-input.ts';
import type { SquadStore } from '../squads/squad-store.ts';
import type { Squad, SquadInput } from '../squads/squad.ts';

/** Squads and versions of squads that are kept at hand. */
const maxKept = 1_000;

/** The squads of all tenants: made, changed and found, with those that are used kept at hand. */
export class SquadDirectory {
  readonly #store: SquadStore;
  readonly #parts: SquadParts;
  readonly #byName = new LRUCache<string, Squad>({ max: maxKept });
  /** Moves with every change, so that what was read before one is not kept after it. */
  #changes = 0;
  readonly #byVersion = new LRUCache<string, Squad>({ max: maxKept });

  constructor(store: SquadStore, parts: SquadParts) {
    this.#store = store;
    this.#parts = parts;
  }

  async create(tenant: string, input: SquadInput, userId: string | null = null): Promise<Squad> {
    const squad = { ...buildSquad(input, this.#parts), userId };
    await this.#store.create(tenant, squad);
    return squad;
  }

  /** Creates it unless the tenant has one of that name; an existing one is left as it is. */
  async ensure(tenant: string, input: SquadInput): Promise<Squad> {
    const found = await this.#store.find(tenant, input.name);
    if (found !== null) return found;
    try {
      return await this.create(tenant, input);
    } catch (error) {
      const other =
        error instanceof SquadraError && error.code === 'NAME_TAKEN'
          ? await this.#store.find(tenant, input.name)
          : null;
      if (other === null) throw error;
      return other;
    }
  }

  /** By id or name. Templates are there without set-up: the first use of one creates the squad. */
  async resolve(tenant: string, idOrName: string): Promise<Squad> {
    const key = `${tenant}\0${idOrName}`;
    const kept = this.#byName.get(key);
    if (kept !== undefined) return kept;
    const changes = this.#changes;
    const isTemplate = this.#parts.catalogue.templates.some((template) => template.name === idOrName);
    const squad = isTemplate
      ? await this.ensure(tenant, { name: idOrName, template: idOrName })
      : await this.#store.find(tenant, idOrName);
    if (squad === null)
      throw new SquadraError(
        'UNKNOWN_SQUAD',
        `There is no squad '${idOrName}'; \`squadra squads\` lists those there are.`,
        { details: { squad: idOrName } },
      );
    if (changes === this.#changes) this.#byName.set(key, squad);
    return squad;
  }

  /** The squad as an execution pinned it. */
  async pinned(tenant: string, id: string, version: number): Promise<Squad | null> {
    const key = `${tenant}\0${id}\0${version}`;
    const kept = this.#byVersion.get(key);
    if (kept !== undefined) return kept;
    const squad = await this.#store.atVersion(tenant, id, version);
    if (squad !== null) this.#byVersion.set(key, squad);
    return squad;
  }

  async get(tenant: string, idOrName: string): Promise<Squad> {
    const squad = await this.#store.find(tenant, idOrName);
    if (squad === null)
      throw new SquadraError('NOT_FOUND', `There is no squad '${idOrName}'; \`squadra squads\` lists those there are.`);
    return squad;
  }

  list(tenant: string, page: { readonly limit: number; readonly before?: string }): Promise<readonly Squad[]> {
    return this.#store.list(tenant, page);
  }

  /** Applies a change to the version the caller read; throws `STALE_VERSION` when it is another by now. */
  async change(tenant: string, squad: Squad, change: SquadChange): Promise<Squad> {
    const changed = changeSquad(squad, change, this.#parts);
    await this.#store.replace(tenant, changed);
    this.#forget();
    return changed;
  }

  async remove(tenant: string, id: string): Promise<void> {
    await this.#store.remove(tenant, id);
    this.#forget();
  }

  #forget(): void {
    this.#changes++;
    this.#byName.clear();
  }
}
