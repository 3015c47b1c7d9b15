import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { buildDashboard, needsBuild } from '../../../scripts/dashboard-build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the dashboard could not be built; empty when it was, or was fresh. */
    readonly buildProblem: string;
  }
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Once per run of the browser tests: builds the dashboard unless it is fresh. A failure is told by each file, so that all other tests run. */
export function setup(project: TestProject): void {
  const { worked, output } = needsBuild(root) ? buildDashboard(root) : { worked: true, output: '' };
  project.provide('buildProblem', worked ? '' : `The dashboard could not be built:\n${output}`);
}
