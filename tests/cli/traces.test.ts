import { expect, it } from 'vitest';
import { SpanCollector } from '../support/span-collector.ts';
import { newFolder, RunningCommand, squadra } from './command-line.ts';
import { project } from './workflows.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

interface Line {
  readonly msg: string;
  readonly executionId?: string;
  readonly traceId?: string;
  readonly stepKey?: string;
  readonly failure?: string;
}

function linesOf(stderr: string): Line[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}

it('is turned on by the customary variables, and logs what becomes of executions with the ids they are traced by', async () => {
  await using collector = await SpanCollector.open();
  const folder = newFolder(project);
  const env = {
    SQUADRA_LOG_LEVEL: 'info',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=abc%3D',
    OTEL_SERVICE_NAME: 'otters',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=marsh',
  };
  const server = new RunningCommand(folder, ['serve', '--port', '0'], { env });
  const [url] = await server.until(/http:\/\/127\.0\.0\.1:\d+/);
  const accepted = await fetch(`${url}/api/v1/executions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    body: JSON.stringify({ workflow: 'fragile', input: {} }),
  });
  const { id } = (await accepted.json()) as { id: string };
  await server.until(/An execution failed/);
  server.kill('SIGTERM');
  const { stderr } = await server.ended;
  const told = linesOf(stderr).filter(({ executionId }) => executionId === id);
  expect(told.map(({ msg }) => msg)).toEqual(['A step failed.', 'An execution failed.']);
  expect(told.every((line) => line.traceId === traceId)).toBe(true);
  // A stop sends what has ended.
  expect(collector.one('invoke_workflow fragile')).toMatchObject({ traceId, service: 'otters' });
  expect(collector.headers[0]).toMatchObject({ 'x-api-key': 'abc=' });
  expect(collector.bodies[0]).toContain('marsh');
});

it('names the trace in the log also where nothing is traced: by the id of the execution', async () => {
  const folder = newFolder({ ...project, 'request.md': 'Ada' });
  const { stderr } = await squadra(folder, ['run', 'request.md', '--workflow', 'greet'], {
    env: { SQUADRA_LOG_LEVEL: 'info' },
  });
  const [line, ...others] = linesOf(stderr);
  expect(others).toEqual([]);
  expect(line).toMatchObject({ msg: 'An execution was completed.', executionId: expect.any(String) });
  expect(line?.traceId).toBe(line?.executionId?.replaceAll('-', ''));
  // What was said is none of the log's business.
  expect(stderr).not.toContain('Ada');
});
