import type { z } from 'zod';
import type {
  convoyMetricsQuery,
  convoyMetricsSchema,
  resourcesSchema,
  statsSchema,
  systemSchema,
} from '../http/schemas/metrics.ts';
import type { Transport } from './transport.ts';

export type StatsDocument = z.output<typeof statsSchema>;
export type ResourcesDocument = z.output<typeof resourcesSchema>;
export type SystemDocument = z.output<typeof systemSchema>;
export type ConvoyMetricsDocument = z.output<typeof convoyMetricsSchema>;
export type ConvoyMetricsQuery = Partial<z.output<typeof convoyMetricsQuery>>;

/** What happened, by the minute, and how the server stands. */
export interface Metrics {
  /** Of the last minutes: 60 where nothing is said. */
  stats(timeRange?: number): Promise<StatsDocument>;
  /** How the newest convoys went. */
  convoys(query?: ConvoyMetricsQuery): Promise<ConvoyMetricsDocument>;
  /** How busy the machine is and was, in the last minutes: 10 where nothing is said. */
  resources(timeRange?: number): Promise<ResourcesDocument>;
  /** How the process stands, over all tenants: needs the scope `admin`. */
  system(): Promise<SystemDocument>;
}

export function metricsOf(transport: Transport): Metrics {
  return {
    stats: (timeRange) => transport.send('/metrics/stats', { query: { timeRange } }),
    convoys: (query = {}) => transport.send('/metrics/convoys', { query }),
    resources: (timeRange) => transport.send('/metrics/resources', { query: { timeRange } }),
    system: () => transport.send('/metrics/system'),
  };
}
