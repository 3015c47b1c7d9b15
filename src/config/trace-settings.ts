import { nameSetting, secretSetting, switchSetting, urlSetting } from './setting.ts';

/** Where traces go, under the names that OpenTelemetry gave them: a part of the table of settings. */
export const traceSettings = {
  otelExporterOtlpEndpoint: urlSetting({
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    doc: 'The address of a collector of traces that speaks OTLP over HTTP, usually `http://127.0.0.1:4318`; it turns tracing on, and spans go to `{address}/v1/traces` as JSON. Without it nothing of OpenTelemetry is loaded.',
  }),
  otelExporterOtlpHeaders: secretSetting({
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    doc: 'Headers for the collector, such as its key: `name=value,name=value`, values percent-encoded.',
  }),
  otelServiceName: nameSetting({
    env: 'OTEL_SERVICE_NAME',
    unit: 'name',
    doc: 'The name under which the collector shows the spans. Without it: `squadra`.',
  }),
  traceContent: switchSetting({
    env: 'SQUADRA_TRACE_CONTENT',
    default: false,
    doc: 'Whether spans hold what users, models and tools say: prompts, answers, arguments, results, and the texts of errors. Whoever reads the traces then reads them too.',
  }),
};
