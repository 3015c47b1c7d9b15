import { metricStoreContract } from '../../contracts/metric-store-contract.ts';
import { wrongPostgresMetrics } from '../../support/recounted-postgres-metrics.ts';
import { openTemporaryState } from './open-state.ts';

metricStoreContract(async (clock) => {
  const state = await openTemporaryState(clock);
  const ask = (sql: string) => state.database.all(sql);
  return {
    ...state,
    wrong: () => wrongPostgresMetrics(ask),
    // Counted is what no transaction can come before any more: one that has ended may be looked upon as open for a moment.
    counted: async () => {
      do await state.metrics.keep([]);
      while (Number((await ask(uncounted))[0]?.[0]) > 0);
    },
  };
});

const uncounted = `SELECT count(*) FROM journal, metric_counted
  WHERE (journal.xid, journal.no) > (metric_counted.xid, metric_counted.no)`;
