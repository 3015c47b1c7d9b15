import { cacheKey, squadTag, tenantTag } from '../cache/cache.ts';
import type { Cache } from '../cache/cache.ts';
import { SquadraError } from '../kernel/errors.ts';
import { isId } from '../kernel/id.ts';
import { buildSquad } from '../squads/build-squad.ts';
import type { SquadParts } from '../squads/build-squad.ts';
import { changeSquad } from '../squads/change-squad.ts';
import type { SquadChange } from '../squads/squad-input.ts';
import type { SquadPage, SquadStore } from '../squads/squad-store.ts';
import type { Squad, SquadInput } from '../squads/squad.ts';

/** More changes of one squad than that, all at once, are told that they were too late. */
const maxRounds = 200;

/** What making, changing and finding squads needs. */
export interface SquadDirectoryParts extends SquadParts {
  readonly cache: Cache;
}

/**
 * The squads of all tenants: made, changed and found, with those that are used kept at hand. Every change of a squad in this
 * process goes through here, so what was kept of it is forgotten before the change is told.
 */
export class SquadDirectory {
  readonly #store: SquadStore;
  readonly #parts: SquadDirectoryParts;

  constructor(store: SquadStore, parts: SquadDirectoryParts) {
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
    const found = await this.#find(tenant, idOrName);
    if (found !== null) return found;
    if (this.#isTemplate(idOrName)) return this.ensure(tenant, { name: idOrName, template: idOrName });
    throw new SquadraError(
      'UNKNOWN_SQUAD',
      `There is no squad '${idOrName}'; \`squadra squads\` lists those there are.`,
      { details: { squad: idOrName } },
    );
  }

  /** Looks for a squad to ask about; nothing is made by it. A template is known before its first use, when it has no id yet. */
  async seek(tenant: string, idOrName: string): Promise<{ readonly id: string | null; readonly isKnown: boolean }> {
    const found = await this.#find(tenant, idOrName);
    return { id: found?.id ?? null, isKnown: found !== null || this.#isTemplate(idOrName) };
  }

  /** The squad as an execution pinned it. */
  pinned(tenant: string, id: string, version: number): Promise<Squad | null> {
    const tags = [tenantTag(tenant), squadTag(id)];
    return this.#parts.cache.get('member', cacheKey(tenant, id, version), tags, () =>
      this.#store.atVersion(tenant, id, version),
    );
  }

  async get(tenant: string, idOrName: string): Promise<Squad> {
    const squad = await this.#find(tenant, idOrName);
    if (squad === null) throw unknownSquad(idOrName);
    return squad;
  }

  list(tenant: string, page: SquadPage): Promise<readonly Squad[]> {
    return this.#store.list(tenant, page);
  }

  /** Applies a change to the version the caller read; throws `STALE_VERSION` when it is another by now. */
  async change(tenant: string, squad: Squad, change: SquadChange): Promise<Squad> {
    const changed = changeSquad(squad, change, this.#parts);
    try {
      await this.#store.replace(tenant, changed);
    } finally {
      await this.#forget(tenant, squad.id, changed.name === squad.name);
    }
    return changed;
  }

  /**
   * Changes the squad that is stored: `decide` sees it and says how, again when another change came between, and throws to refuse.
   * Throws `NOT_FOUND`.
   */
  amend(tenant: string, id: string, decide: (squad: Squad) => SquadChange): Promise<Squad> {
    return this.#untilSettled(tenant, id, decide, (squad, change) => this.change(tenant, squad, change));
  }

  /** Throws `OPEN_EXECUTIONS`, `NOT_FOUND`, and what `check` throws of the squad as it is removed. */
  remove(tenant: string, id: string, check?: (squad: Squad) => void): Promise<void> {
    if (check === undefined) return this.#remove(tenant, id);
    return this.#untilSettled(tenant, id, check, (squad) => this.#remove(tenant, id, squad.version));
  }

  async #remove(tenant: string, id: string, version?: number): Promise<void> {
    try {
      await this.#store.remove(tenant, id, version);
    } finally {
      await this.#forget(tenant, id, false);
    }
  }

  /** Reads past what is kept: what is decided here is decided about what is stored. */
  async #untilSettled<Decision, T>(
    tenant: string,
    id: string,
    decide: (squad: Squad) => Decision,
    act: (squad: Squad, decision: Decision) => Promise<T>,
  ): Promise<T> {
    for (let round = 1; ; round++) {
      const squad = await this.#store.find(tenant, id);
      if (squad === null) throw unknownSquad(id);
      const decision = decide(squad);
      try {
        return await act(squad, decision);
      } catch (error) {
        // A round that is lost was won by somebody else, so that together they come to an end.
        if (!isStale(error) || round === maxRounds) throw error;
      }
    }
  }

  #isTemplate(name: string): boolean {
    return this.#parts.catalogue.templates.some((template) => template.name === name);
  }

  #find(tenant: string, idOrName: string): Promise<Squad | null> {
    return isId(idOrName) ? this.#findById(tenant, idOrName) : this.#findByName(tenant, idOrName);
  }

  #findById(tenant: string, id: string): Promise<Squad | null> {
    const tags = [tenantTag(tenant), squadTag(id)];
    return this.#parts.cache.get('squad', cacheKey(tenant, id), tags, () => this.#store.find(tenant, id));
  }

  /** What is kept is which squad it was; whether it still is, the squad says. */
  async #findByName(tenant: string, name: string): Promise<Squad | null> {
    const { cache } = this.#parts;
    const key = cacheKey(tenant, 'name', name);
    const id = await cache.get('squad', key, [tenantTag(tenant)], () => this.#idOf(tenant, name));
    const squad = id === null ? null : await this.#findById(tenant, id);
    if (id === null || squad?.name === name) return squad;
    await cache.forget('squad', key);
    return this.#store.find(tenant, name);
  }

  async #idOf(tenant: string, name: string): Promise<string | null> {
    return (await this.#store.find(tenant, name))?.id ?? null;
  }

  /** Also after a change that was refused: what is kept may be why. Reports are asked for by name, so they go with a name. */
  async #forget(tenant: string, id: string, isNameKept: boolean): Promise<void> {
    const { cache } = this.#parts;
    await cache.forgetTag(squadTag(id));
    if (!isNameKept) await cache.forgetTag(tenantTag(tenant));
  }
}

function unknownSquad(idOrName: string): SquadraError {
  return new SquadraError('NOT_FOUND', `There is no squad '${idOrName}'; \`squadra squads\` lists those there are.`);
}

function isStale(error: unknown): boolean {
  return error instanceof SquadraError && error.code === 'STALE_VERSION';
}
