import { expect, it } from 'vitest';
import { useDashboard } from './support/dashboard.ts';
import { readDashboard } from '../../src/http/dashboard/dashboard-files.ts';

const dashboard = useDashboard();

it('has less than 250 KB of compressed JavaScript, all pages together', async () => {
  const files = await readDashboard();
  const scripts = [...(files ?? [])].filter(([address]) => address.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(5);
  const { server } = dashboard();
  let bytes = 0;
  for (const [address, { encoded }] of scripts) {
    const response = await fetch(`${server.url}${address}`, { headers: { 'accept-encoding': 'br' } });
    expect(response.headers.get('content-encoding')).toBe('br');
    bytes += encoded.get('br')?.length ?? Number.NaN;
  }
  expect(bytes).toBeLessThan(250_000);
});

it('loads for the Overview what the Overview needs: neither Markdown nor the other pages', async () => {
  const watched = await dashboard().open('/');
  await watched.page.getByRole('heading', { name: 'Nothing has run yet' }).waitFor();
  const scripts = watched.log.requests().filter((request) => request.endsWith('.js'));
  expect(scripts.filter((request) => /markdown|execution|convoy|squads|costs|system/.test(request))).toEqual([]);
});
