import { fileURLToPath } from 'node:url';
import { buildDashboard, needsBuild } from '../../../scripts/dashboard-build.ts';
import { chromiumPath } from './chromium.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Once per run of the browser tests: fails at once where there is no Chromium, and builds the dashboard unless it is fresh. */
export function setup(): void {
  chromiumPath();
  if (!needsBuild(root)) return;
  const { worked, output } = buildDashboard(root);
  if (!worked) throw new Error(`The dashboard could not be built:\n${output}`);
}
