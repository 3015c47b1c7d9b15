import type { Settings } from '../config/settings.ts';
import type { SharedBuckets } from '../flow/shared-buckets.ts';
import type { Clock } from '../kernel/clock.ts';
import type { IdSource } from '../kernel/id.ts';
import type { Access } from '../orchestrator/access.ts';
import type { EventSources } from '../orchestrator/events.ts';
import type { Pulses } from '../orchestrator/pulse/pulses.ts';
import type { SharedAnswers } from '../orchestrator/pulse/shared-answers.ts';
import type { Writability } from '../orchestrator/writability.ts';
import type { Squadra } from '../orchestrator/squadra.ts';
import type { Catalogue } from '../squads/catalogue.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { Readiness } from './readiness.ts';
import type { DashboardFiles } from './dashboard/dashboard-files.ts';

/** What the HTTP interface stands on. */
export interface HttpParts {
  /** As tenant `local` sees it; requests take the view of their own tenant. */
  readonly squadra: Squadra;
  readonly access: Access;
  readonly events: EventSources;
  readonly pulses: Pulses;
  readonly writability: Pick<Writability, 'check'>;
  readonly answers: SharedAnswers;
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Where the processes of a fleet keep to limits together; null where each keeps to its own. */
  readonly sharedBuckets: SharedBuckets | null;
  readonly readiness: Readiness;
  /** The built dashboard; null for none. Where it is left out, the one that was built beside this code, if it was. */
  readonly dashboard?: DashboardFiles | null;
}
