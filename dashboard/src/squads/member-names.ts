import { useSquads } from './all-squads.ts';

/** The names of the members of a squad by id; null for one who has left it, and for a squad that is gone. */
export function useMemberName(squadId: string): (memberId: string) => string | null {
  const { data = [] } = useSquads();
  const names = new Map(data.find(({ id }) => id === squadId)?.members.map(({ id, name }) => [id, name]));
  return (memberId) => names.get(memberId) ?? null;
}
