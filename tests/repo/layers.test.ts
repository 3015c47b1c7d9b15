import { describe, expect, it } from 'vitest';
import { breaches } from './layer-rules.ts';
import { filesBelow } from './repo-files.ts';
import { importsOf } from './source-imports.ts';

describe('the house', () => {
  it('stands: every import points down, one file picks adapters, one floor reads the environment', () => {
    const tree = filesBelow('src', '.ts');
    expect(tree.size).toBeGreaterThan(0);
    expect(breaches(tree)).toEqual([]);
  });
});

describe('the rules see a planted breach', () => {
  const planted: readonly [rule: string, path: string, text: string, breach: RegExp][] = [
    ['an import upwards', 'src/kernel/a.ts', `import { b } from '../work/b.ts';`, /floor above/],
    ['an import upwards of types', 'src/work/a.ts', `import type { B } from '../agents/b.ts';`, /floor above/],
    [
      'an import over many lines',
      'src/work/a.ts',
      `import {\n  type B,\n  c,\n} from "../engines/b.ts";`,
      /floor above/,
    ],
    ['a re-export upwards', 'src/work/a.ts', `export * from '../workflows/b.ts';`, /floor above/],
    ['an import for its effects', 'src/work/a.ts', `import '../cli/main.ts';`, /floor above/],
    ['a dynamic import upwards', 'src/work/a.ts', `const b = await import('../cli/b.ts');`, /floor above/],
    ['a type expression upwards', 'src/work/a.ts', `type B = import('../cli/b.ts').B;`, /floor above/],
    ['a worker upwards', 'src/work/a.ts', `new Worker(new URL('../cli/b.ts', import.meta.url))`, /floor above/],
    ['an import of the composition', 'src/http/a.ts', `import { compose } from '../compose.ts';`, /floor above/],
    ['a folder that is no floor', 'src/attic/a.ts', '', /on no floor/],
    ['an adapter beside', 'src/work/sqlite/a.ts', `import { b } from '../postgres/b.ts';`, /beside its own/],
    ['an adapter picked by a port', 'src/work/a.ts', `import { b } from './sqlite/b.ts';`, /only src\/compose/],
    [
      'an adapter picked by a command',
      'src/cli/a.ts',
      `import { b } from '../engines/embedded/b.ts';`,
      /only src\/compose/,
    ],
    ['the environment', 'src/work/a.ts', `const home = process.env['HOME'];`, /environment/],
    ['the environment by index', 'src/work/a.ts', `const home = process['env'].HOME;`, /environment/],
    ['the environment taken apart', 'src/work/a.ts', `const { env, pid } = process;`, /environment/],
    ['the environment imported', 'src/work/a.ts', `import { env } from 'node:process';`, /environment/],
    ['a file of helpers', 'src/work/helpers.ts', '', /says nothing/],
    ['a folder of utils', 'src/work/utils/a.ts', '', /says nothing/],
    ['tracing for everybody', 'src/work/a.ts', `import { trace } from '@opentelemetry/api';`, /for everybody/],
    ['tracing loaded at once', 'src/telemetry/a.ts', `import { o } from './otel/o.ts';`, /for everybody/],
    ['a file that is too long', 'src/work/a.ts', 'x\n'.repeat(301), /301 lines/],
  ];

  it.each(planted)('%s', (_rule, path, text, breach) => {
    expect(breaches(new Map([[path, text]]))).toEqual([expect.stringMatching(breach)]);
  });

  it('and is content with the twin of each that keeps the rule', () => {
    const clean = new Map([
      ['src/work/a.ts', `import { b } from '../kernel/b.ts';\n// import { c } from '../cli/c.ts';`],
      ['src/work/b.ts', `/** import { c } from '../cli/c.ts' */ const url = 'http://x'; import { c } from './c.ts';`],
      ['src/work/sqlite/a.ts', `import { b } from './b.ts'; import type { C } from '../journal.ts';`],
      ['src/compose.ts', `import { b } from './work/sqlite/b.ts'; import { c } from './engines/embedded/c.ts';`],
      ['src/cli/run.ts', `import { compose } from '../compose.ts';`],
      ['src/config/environment.ts', `export const read = () => process.env;`],
      ['src/telemetry/a.ts', `const { o } = await import('./otel/o.ts');`],
      ['src/work/long.ts', 'x\n'.repeat(300)],
    ]);
    expect(breaches(clean)).toEqual([]);
  });
});

it('finds imports whatever stands around them', () => {
  const text = `
    import a, { type B } from "./a.ts"; export { c } from './c.ts'
    const url = 'https://example.org'; // import './no.ts'
    const late = await import(\`./late.ts\`);`;
  expect(importsOf(text)).toEqual(['./a.ts', './c.ts', './late.ts']);
});
