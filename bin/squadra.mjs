#!/usr/bin/env node
/**
 * The command `squadra`, in both of its homes: an installed package runs its built JavaScript (Node strips no types
 * under node_modules), a clone runs its sources. Plain JavaScript, so that too old a Node gets a sentence, not a syntax error.
 */
import { existsSync } from 'node:fs';

const launcher = new URL('../scripts/launch.mjs', import.meta.url);
if (existsSync(launcher)) {
  const { launch } = await import(launcher.href);
  await launch('src/cli/main.ts', process.argv.slice(2));
} else if (Number.parseInt(process.versions.node, 10) >= 24) {
  await import('../dist/cli/main.js');
} else {
  process.stderr.write(
    `squadra: Node 24 or newer is needed, this is ${process.version}. Install it from https://nodejs.org, or: npx node@24 …\n`,
  );
  process.exitCode = 3;
}
