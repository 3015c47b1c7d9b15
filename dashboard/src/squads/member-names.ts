import { useQuery } from '@tanstack/react-query';
import { squadra } from '../data/squadra.ts';

/** The names of the members of a squad by id; null for one who has left it, and for a squad that is gone. */
export function useMemberName(squadId: string): (memberId: string) => string | null {
  const { data } = useQuery({ queryKey: ['squads', 'one', squadId], queryFn: () => squadra.squads.get(squadId) });
  const names = new Map(data?.members.map(({ id, name }) => [id, name]));
  return (memberId) => names.get(memberId) ?? null;
}
