import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { storyClock, storyOptions, tellStory } from './seeds/story.ts';
import type { Story } from './seeds/story.ts';
import { barriers } from './support/accessibility.ts';
import { narrow, useDashboard, wide } from './support/dashboard.ts';
import { beyond } from './support/watched-page.ts';

const clock = storyClock();
const dashboard = useDashboard({ ...storyOptions(clock), surroundings: { clock } });
const pictures = fileURLToPath(new URL('../../test-results/screenshots/', import.meta.url));
let story: Story;

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
  story = await tellStory(dashboard().server, clock);
});

/** Every page there is, by the name of its picture. */
const pages: readonly (readonly [name: string, path: (story: Story) => string])[] = [
  ['overview', () => '/'],
  ['executions', () => '/executions'],
  ['execution-completed', ({ completed }) => `/executions/${completed}`],
  ['execution-failed', ({ failed }) => `/executions/${failed}`],
  ['execution-running', ({ running }) => `/executions/${running}`],
  ['execution-waiting', ({ waiting }) => `/executions/${waiting}`],
  ['convoys', () => '/convoys'],
  ['convoy', ({ convoy }) => `/convoys/${convoy}`],
  ['convoy-running', ({ runningConvoy }) => `/convoys/${runningConvoy}`],
  ['squads', () => '/squads'],
  ['squad', ({ squad }) => `/squads/${squad}`],
  ['costs', () => '/costs'],
  ['system', () => '/system'],
];
/** Pixels; a list draws what is in sight, and axe looks at each row. */
const mostHeight = 4_000;

const looks = (['light', 'dark'] as const).flatMap((theme) =>
  (
    [
      ['wide', wide],
      ['narrow', narrow],
    ] as const
  ).map(([width, size]) => ({ theme, width, size })),
);

it.each(pages)(
  'the page %s keeps nobody out and needs no scrolling sideways, light and dark, wide and narrow',
  async (name, path) => {
    const watched = await dashboard().open(path(story));
    const { page } = watched;
    await watched.settled();
    const found: object[] = [];
    for (const { theme, width, size } of looks) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize(size);
      // As high as its content, so that the menu beside it is too; long lists go on below.
      const height = await page.evaluate<number>('document.documentElement.scrollHeight');
      await page.setViewportSize({ ...size, height: Math.min(mostHeight, Math.max(size.height, height)) });
      await page.screenshot({ path: join(pictures, `${name}-${theme}-${width}.png`) });
      found.push({ theme, width, barriers: await barriers(page), beyond: await beyond(page) });
    }
    expect(found).toEqual(looks.map(({ theme, width }) => ({ theme, width, barriers: [], beyond: 0 })));
  },
);

/** For the README, where `npm run screenshots` says so; beside the others where it does not. */
const forReaders: readonly (readonly [name: string, theme: 'light' | 'dark', path: (story: Story) => string])[] = [
  ['overview', 'light', () => '/'],
  ['execution', 'dark', ({ completed }) => `/executions/${completed}`],
];

it.each(forReaders)('the picture of %s fits into a README', async (name, theme, path) => {
  const watched = await dashboard().open(path(story), { theme, size: { width: 1200, height: 750 } });
  await watched.settled();
  await watched.page.waitForLoadState('networkidle');
  const folder = process.env['PICTURES_FOLDER'] ?? pictures;
  mkdirSync(folder, { recursive: true });
  const picture = await watched.page.screenshot({ path: join(folder, `dashboard-${name}.png`) });
  expect(picture.length).toBeLessThan(150_000);
});
