/**
 * `npm start`: the server, and the dashboard it gives out, which is built first when it is missing or older than its sources. A
 * build that fails is told, and keeps nobody from the API.
 */
import { fileURLToPath } from 'node:url';
import { buildDashboard, needsBuild } from './dashboard-build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

if (needsBuild(root)) {
  process.stderr.write('squadra: building the dashboard (a few seconds, only when it has changed)\n');
  const { worked, output } = buildDashboard(root);
  if (!worked) {
    process.stderr.write(
      `${output}\nsquadra: the dashboard could not be built, see above; the server starts without what is new of it. Try again with: npm run build:dashboard\n`,
    );
  }
}
process.argv.splice(2, 0, 'serve');
await import('../src/cli/main.ts');
