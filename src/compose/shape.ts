import type { Bus } from '../bus/bus.ts';
import type { NewsWire } from '../bus/news.ts';
import type { SecondTier } from '../cache/second-tier.ts';
import type { Engine } from '../engines/engine.ts';
import type { SharedBuckets } from '../flow/shared-buckets.ts';
import type { AssemblyParts, Duties } from '../orchestrator/assembly-parts.ts';
import type { SquadraStatistics } from '../orchestrator/squadra-statistics.ts';

/** What one process and a part of a fleet have in common: the adapters behind the ports, opened. */
export interface Shape {
  readonly duties: Duties;
  readonly state: AssemblyParts['state'];
  readonly sharedConvoys: AssemblyParts['sharedConvoys'];
  readonly lostAmong: AssemblyParts['lostAmong'];
  readonly engine: Engine;
  readonly bus: Bus;
  readonly news: NewsWire;
  /** Where processes keep what they have read for each other; null where they do not. */
  readonly secondTier: SecondTier | null;
  /** Where processes keep to limits together; null where each keeps to its own. */
  readonly sharedBuckets: SharedBuckets | null;
  readonly statistics: () => Pick<SquadraStatistics, 'writer' | 'readers' | 'fleet'>;
  /** Lets work in, once there is somebody to do it. */
  start(): Promise<void>;
}
