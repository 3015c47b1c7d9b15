import { describe, expect, it } from 'vitest';
import { defineWorkflow } from '../../src/workflows/workflow.ts';
import { sharedWorkbench } from '../support/workbench.ts';

const open = sharedWorkbench();

/** Something a workflow should not await: it is no step. */
function foreign(): { readonly promise: Promise<void>; resolve(): void } {
  return Promise.withResolvers<void>();
}

describe('a workflow that awaits something that is no step', () => {
  it('is given up with EXECUTION_STALLED when nothing else is open, and not before its time', async () => {
    await using bench = open();
    const { process } = bench.start(
      [
        defineWorkflow({
          name: 'stalling',
          run: async ({ step }) => {
            await step.run('a', bench.bodies.body('a'));
            await foreign().promise;
          },
        }),
      ],
      { limits: { stallTimeoutMs: 60_000 } },
    );
    const id = await process.submit('stalling');
    await bench.pass(120_000);
    expect((await bench.get(id)).status).toBe('running');
    await bench.end('a');
    await bench.pass(59_999);
    expect((await bench.get(id)).status).toBe('running');
    await bench.pass(1);
    expect(await process.result(id)).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_STALLED' } });
  });

  it('goes on when that comes in time', async () => {
    await using bench = open();
    const other = foreign();
    const { process, life } = bench.start(
      [
        defineWorkflow({
          name: 'slow',
          run: async ({ step }) => {
            await other.promise;
            return step.run('a', () => 'done');
          },
        }),
      ],
      { limits: { stallTimeoutMs: 60_000 } },
    );
    const id = await process.submit('slow');
    await bench.pass(59_999);
    other.resolve();
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'done' });
    expect(life.timers).toBe(0);
  });

  it('parks beside a wait, and what comes of it in the run that was dropped does nothing', async () => {
    await using bench = open();
    const other = foreign();
    let runs = 0;
    const { process } = bench.start([
      defineWorkflow({
        name: 'beside',
        run: async ({ step }) => {
          const isFirst = ++runs === 1;
          const branch = async (): Promise<unknown> => {
            if (isFirst) await other.promise;
            return step.run('after', bench.bodies.body('after'));
          };
          return Promise.all([step.waitFor('go'), branch()]);
        },
      }),
    ]);
    const id = await process.submit('beside');
    expect((await bench.get(id)).status).toBe('waiting');
    other.resolve();
    await bench.quiet();
    expect(bench.bodies.begun).toEqual([]);
    expect((await bench.get(id)).status).toBe('waiting');
    await process.run(id).signal('go');
    await bench.end('after');
    expect(bench.bodies.begun).toEqual(['after']);
    expect(await process.result(id)).toMatchObject({ status: 'completed' });
  });
});

describe('a run that is over', () => {
  it('begins nothing more in the branch that a finished workflow left behind', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({
        name: 'leaving',
        run: async ({ step }) => {
          const left = (async (): Promise<void> => {
            await step.run('left', bench.bodies.body('left'));
            await step.run('left-2', bench.bodies.body('left-2'));
          })();
          left.catch(() => {});
          return step.run('main', bench.bodies.body('main'));
        },
      }),
    ]);
    const id = await process.submit('leaving');
    await bench.quiet();
    const { main, left } = { main: bench.bodies.get('main'), left: bench.bodies.get('left') };
    // Committed together; the workflow ends with the first of them.
    main.resolve();
    left.resolve();
    await bench.quiet();
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'main!' });
    expect(bench.bodies.begun).toEqual(['left', 'main']);
    expect((await bench.records(id)).at(-1)).toMatchObject({ kind: 'status', status: 'completed' });
  });

  it('aborts what still works when the workflow ends, and drops what that brings', async () => {
    await using bench = open();
    const { process } = bench.start([
      defineWorkflow({
        name: 'racing',
        run: ({ step }) => Promise.race(['a', 'b'].map((name) => step.run(name, bench.bodies.body(name)))),
      }),
    ]);
    const id = await process.submit('racing');
    await bench.quiet();
    const loser = bench.bodies.get('b');
    await bench.end('a');
    expect(await process.result(id)).toEqual({ status: 'completed', output: 'a!' });
    expect(loser.attempt.signal.aborted).toBe(true);
    loser.resolve();
    expect((await bench.steps(id)).map(({ key }) => key)).toEqual(['a']);
  });

  it('begins nothing more after a cancel, though code of the workflow goes on', async () => {
    await using bench = open();
    const other = foreign();
    const { process } = bench.start([
      defineWorkflow({
        name: 'going-on',
        run: async ({ step }) => {
          await other.promise;
          await step.run('a', bench.bodies.body('a'));
        },
      }),
    ]);
    const id = await process.submit('going-on');
    await bench.quiet();
    await process.run(id).cancel();
    other.resolve();
    await bench.quiet();
    expect(bench.bodies.begun).toEqual([]);
  });
});
