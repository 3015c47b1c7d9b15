import type { Settings } from '../config/settings.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from './logger.ts';
import { noTracing } from './tracing.ts';
import type { Tracing } from './tracing.ts';

/** What of the settings is about traces. */
export type TraceSettings = Pick<
  Settings,
  'otelExporterOtlpEndpoint' | 'otelExporterOtlpHeaders' | 'otelServiceName' | 'traceContent'
>;

/** Tracing as it is set; OpenTelemetry is loaded only where spans go somewhere. `secrets` never leave, whatever they got into. */
export async function openTracing(
  { otelExporterOtlpEndpoint, otelExporterOtlpHeaders, otelServiceName, traceContent }: TraceSettings,
  { clock, logger, secrets }: { readonly clock: Clock; readonly logger: Logger; readonly secrets: readonly string[] },
): Promise<Tracing> {
  if (otelExporterOtlpEndpoint === null) return noTracing;
  const { openOtelTracing } = await import('./otel/otel-tracing.ts');
  const settings = {
    endpoint: otelExporterOtlpEndpoint,
    headers: otelExporterOtlpHeaders,
    serviceName: otelServiceName ?? 'squadra',
    takesContent: traceContent,
    secrets,
  };
  return openOtelTracing(settings, clock, logger);
}
