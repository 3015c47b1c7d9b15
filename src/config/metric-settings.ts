import { numberSetting, switchSetting } from './setting.ts';

/** What is counted and kept of what happened. */
export const metricSettings = {
  metrics: switchSetting({
    env: 'SQUADRA_METRICS',
    default: true,
    doc: 'Whether figures by the minute are kept in the database: executions, steps, model calls, convoys, how busy the machine was. `/metrics` for Prometheus is there either way. What happens while it is off is counted later, when it is on again, unless it was deleted by then.',
  }),
  metricsRetentionDays: numberSetting({
    env: 'SQUADRA_METRICS_RETENTION_DAYS',
    default: 30,
    min: 0.01,
    max: 3_650,
    fractions: true,
    unit: 'days',
    doc: 'How long figures by the minute are kept. A minute of a tenant in which something happened takes a few hundred bytes.',
  }),
};
