import { beforeAll, describe, expect, it } from 'vitest';
import { hostileMarkdown, hostileNames, longMessage } from './seeds/hostile.ts';
import { convoyToEnd, instantModel, release, runToEnd } from './seeds/workloads.ts';
import { narrow, useDashboard } from './support/dashboard.ts';
import { beyond } from './support/watched-page.ts';

const dashboard = useDashboard({
  models: { instant: instantModel(longMessage()) },
  workflows: [release],
  settings: { provider: 'instant', agentRateLimitPerMinute: 0, cpuThreshold: 100, memoryThreshold: 100 },
});
const { script, image, arabic, override, long } = hostileNames;
const paths = new Map<string, string>();

beforeAll(async () => {
  const { server } = dashboard();
  for (const name of [script, image, arabic, override, long]) {
    const members = [{ role: 'tester', name: `${name} (member)`, instructions: hostileMarkdown }];
    const { id } = await server.send<{ id: string }>('/squads', {
      body: { name, description: hostileMarkdown, members },
    });
    paths.set(`squad ${name.slice(0, 20)}`, `/squads/${id}`);
  }
  const { body } = { body: { squad: script, message: longMessage() } };
  paths.set('execution', `/executions/${await runToEnd(server, body)}`);
  const { id } = await server.send<{ id: string }>('/executions', {
    body: { workflow: 'release', input: { what: `${script} ${image} ${arabic}` } },
  });
  paths.set('approval', `/executions/${id}`);
  const items = [script, image, arabic, long].map((key) => ({ key, role: 'tester', message: hostileMarkdown }));
  paths.set('convoy', `/convoys/${await convoyToEnd(server, { squad: arabic, items })}`);
  for (const page of ['/', '/executions', '/convoys', '/squads', '/costs', '/system']) paths.set(page, page);
});

/** What Markdown or a name must not have brought onto the page. Links may lead out, told to tell nothing. */
const harm = `({
  harmed: globalThis.harmed ?? null,
  foreign: [...document.querySelectorAll('main iframe, main form[action], main style, main script, main object, main embed')].map((e) => e.outerHTML),
  pictures: [...document.querySelectorAll('main img')].map((e) => e.src).filter((src) => !src.startsWith(location.origin)),
  handlers: [...document.querySelectorAll('main *')].filter((e) => [...e.attributes].some(({ name }) => name.startsWith('on'))).map((e) => e.outerHTML),
  links: [...document.querySelectorAll('main a[href]')].filter((a) => !['http:', 'https:'].includes(new URL(a.href).protocol)).map((a) => a.outerHTML),
  telling: [...document.querySelectorAll('main a[href]')].filter((a) => a.origin !== location.origin && !/noreferrer/.test(a.rel)).map((a) => a.outerHTML),
})`;
const none = { harmed: null, foreign: [], pictures: [], handlers: [], links: [], telling: [] };

describe('names and Markdown that mean harm', () => {
  it('do none on any page: they are text, and nothing is asked of other places', async () => {
    for (const [name, path] of paths) {
      const watched = await dashboard().open(path, { size: narrow });
      await watched.settled();
      const found = await watched.page.evaluate<object>(harm);
      expect({ name, ...found, beyond: await beyond(watched.page) }).toEqual({ name, ...none, beyond: 0 });
    }
  });

  it('are shown as they were written', async () => {
    const { page } = await dashboard().open('/squads');
    for (const name of [script, image, arabic, long]) await page.getByRole('link', { name, exact: true }).waitFor();
    // Written from right to left where it is read so.
    const direction = `getComputedStyle([...document.querySelectorAll('main a')].find((a) => a.textContent === '${arabic}')).direction`;
    expect(await page.evaluate(direction)).toBe('rtl');
  });

  it('would be found where a page lets them in', async () => {
    const { page } = await dashboard().open('/squads', { expected: /elsewhere|onerror|Policy|policy|ERR_|404/ });
    await page.getByRole('link', { name: arabic }).waitFor();
    const planted = JSON.stringify(
      '<a href="https://elsewhere.example">out</a><a href="javascript:0">in</a><img src="https://elsewhere.example/p.png" onerror="0">',
    );
    await page.evaluate(`document.querySelector('main').insertAdjacentHTML('beforeend', ${planted})`);
    expect(await page.evaluate(harm)).toMatchObject({
      pictures: ['https://elsewhere.example/p.png'],
      handlers: [expect.stringContaining('<img')],
      links: [expect.stringContaining('javascript:')],
      telling: [expect.stringContaining('elsewhere'), expect.stringContaining('javascript:')],
    });
  });
});
