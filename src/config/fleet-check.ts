import type { Settings } from './settings.ts';

type FleetSettings = Pick<
  Settings,
  | 'role'
  | 'engine'
  | 'databaseUrl'
  | 'natsUrl'
  | 'redisUrl'
  | 'restateIngressUrl'
  | 'restateAdminUrl'
  | 'inngestEventKey'
  | 'inngestSigningKey'
  | 'inngestDev'
>;

/** Whether these settings are those of a fleet. */
export function isFleet({ engine }: Pick<Settings, 'engine'>): boolean {
  return engine !== 'auto' && engine !== 'embedded';
}

/** What is missing for the fleet that somebody seems to want; nothing where all is there, or none is wanted. */
export function fleetProblems(settings: Partial<FleetSettings>): string[] {
  const { role = 'all', engine = 'auto', databaseUrl = null, natsUrl = [], redisUrl = null } = settings;
  if (engine === 'auto' && databaseUrl !== null)
    return [
      'DATABASE_URL is set and SQUADRA_ENGINE is not: for a fleet set SQUADRA_ENGINE=restate (or inngest), for one process on its state folder SQUADRA_ENGINE=embedded',
    ];
  if (engine === 'auto' && natsUrl.length > 0)
    return [
      'NATS_URL is set and neither DATABASE_URL nor SQUADRA_ENGINE is: NATS joins the processes of a fleet; set SQUADRA_ENGINE=embedded for one process that does without',
    ];
  if (engine === 'auto' && redisUrl !== null)
    return [
      'REDIS_URL is set and neither DATABASE_URL nor SQUADRA_ENGINE is: Redis is shared by the processes of a fleet; set SQUADRA_ENGINE=embedded for one process that does without',
    ];
  const problems: string[] = [];
  if (engine === 'auto' || engine === 'embedded') {
    if (role !== 'all')
      problems.push(
        `SQUADRA_ROLE=${role} is part of a fleet: set SQUADRA_ENGINE=restate (or inngest) and DATABASE_URL, or leave the role out`,
      );
    return problems;
  }
  if (databaseUrl === null) problems.push(`SQUADRA_ENGINE=${engine} needs DATABASE_URL, the PostgreSQL of the fleet`);
  return [...problems, ...(engine === 'inngest' ? inngestProblems(settings) : restateProblems(settings))];
}

function restateProblems(settings: Partial<FleetSettings>): string[] {
  const { role = 'all', restateIngressUrl: ingress = [], restateAdminUrl: admin = [] } = settings;
  const problems: string[] = [];
  if (ingress.length === 0) problems.push('SQUADRA_ENGINE=restate needs RESTATE_INGRESS_URL, where it takes work');
  if (role !== 'api' && admin.length === 0)
    problems.push(`SQUADRA_ROLE=${role} does work: RESTATE_ADMIN_URL is missing`);
  return problems;
}

function inngestProblems(settings: Partial<FleetSettings>): string[] {
  const { role = 'all', inngestEventKey = null, inngestSigningKey = null, inngestDev = null } = settings;
  // A dev server takes any key, and none.
  if (inngestDev !== null) return [];
  const problems: string[] = [];
  if (inngestEventKey === null)
    problems.push(
      'SQUADRA_ENGINE=inngest needs INNGEST_EVENT_KEY, to send events with (or INNGEST_DEV=1, for a dev server)',
    );
  if (role !== 'api' && inngestSigningKey === null)
    problems.push(`SQUADRA_ROLE=${role} does work: INNGEST_SIGNING_KEY is missing`);
  return problems;
}
