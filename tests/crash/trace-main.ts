/** A server whose traces go to a collector: `node tests/crash/trace-main.ts '<order as JSON>'`. It tells its address, and lives until it is killed. */
import { openAssembly } from '../../src/compose.ts';
import { readSettings } from '../../src/config/settings.ts';
import { Readiness } from '../../src/http/readiness.ts';
import { startServer } from '../../src/http/server.ts';

/** Where the state, the collector and the model are. */
export interface TracedServerOrder {
  readonly stateDir: string;
  readonly collector: string;
  readonly model: string;
}

const { stateDir, collector, model } = JSON.parse(process.argv[2] ?? '{}') as TracedServerOrder;
const assembly = await openAssembly(
  {
    stateDir,
    settings: { otelExporterOtlpEndpoint: collector, openaiBaseUrl: model, maxLoopDelay: 0, maxSubmissionWait: 0 },
  },
  { command: 'serve', readSettings: (overrides) => readSettings({}, overrides) },
);
const server = await startServer({ ...assembly, readiness: new Readiness() }, { host: '127.0.0.1', port: 0 });
process.send?.(server.url);
process.on('disconnect', () => process.exit(0));
