import { registerHooks } from 'node:module';

const here = import.meta.url;
const library = new URL(here.endsWith('.ts') ? '../index.ts' : '../index.js', here).href;

/**
 * Lets files of users import `squadra` and `zod` wherever they lie: `squadra` is always the one that runs them, as two
 * copies would not know each other's errors; `zod` is lent where the user has installed none.
 */
export function lendModules(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'squadra') return { url: library, shortCircuit: true };
      if (specifier !== 'zod') return next(specifier, context);
      try {
        return next(specifier, context);
      } catch {
        return next(specifier, { ...context, parentURL: here });
      }
    },
  });
}
