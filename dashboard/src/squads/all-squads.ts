import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import type { RoleDocument, SquadDocument, TemplateDocument } from '../../../src/client.ts';
import { squadra } from '../data/squadra.ts';

/** Enough for any choice that a person makes by eye; beyond it names are found by typing them. */
const mostSquads = 1_000;
const pageSize = 200;

/** The squads of the tenant, newest first; beyond a thousand the rest is left out. */
export function useSquads(): UseQueryResult<readonly SquadDocument[]> {
  return useQuery({ queryKey: ['squads', 'all'], queryFn: readSquads });
}

/** The names of squads that can be asked for: those there are, and templates that have none yet. */
export function useSquadNames(): readonly string[] {
  const { data: squads = [] } = useSquads();
  const { data: templates = [] } = useTemplates();
  return [...new Set([...templates.map(({ name }) => name), ...squads.map(({ name }) => name)])];
}

/** The roles that members can have. As templates they belong to the installation: no change is told of them, and none happens while it runs. */
export function useRoles(): UseQueryResult<readonly RoleDocument[]> {
  return useQuery({ queryKey: ['catalogue', 'roles'], queryFn: () => squadra.roles() });
}

/** The ready-made squads. */
export function useTemplates(): UseQueryResult<readonly TemplateDocument[]> {
  return useQuery({ queryKey: ['catalogue', 'templates'], queryFn: () => squadra.templates() });
}

/** The name of a squad by its id, where it is known. */
export function useSquadName(): (id: string | null) => string | null {
  const { data = [] } = useSquads();
  const names = new Map(data.map(({ id, name }) => [id, name]));
  return (id) => (id === null ? null : (names.get(id) ?? null));
}

async function readSquads(): Promise<readonly SquadDocument[]> {
  const squads: SquadDocument[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && squads.length < mostSquads) {
    const page: Awaited<ReturnType<typeof squadra.squads.list>> = await squadra.squads.list({
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    squads.push(...page.items);
    cursor = page.nextCursor;
  }
  return squads;
}
