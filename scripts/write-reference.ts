/**
 * Writes docs/reference/errors.md, docs/reference/settings.md and docs/roles.md from what is in the code:
 *
 *     node scripts/launch.mjs scripts/write-reference.ts
 *
 * A test compares the pages with what this file makes, so that they never say something else than the code.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingTable } from '../src/config/setting-table.ts';
import { optionName } from '../src/config/settings.ts';
import type { Settings } from '../src/config/settings.ts';
import { errorCatalogue } from '../src/kernel/errors.ts';
import { generated, table } from './reference-page.ts';
import { rolesPage } from './roles-page.ts';

/** The reference of error codes, from the catalogue. */
export function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(([code, row]) => [
    `[\`${code}\`](../troubleshooting.md#${code.toLowerCase()})`,
    String(row.status),
    row.retryable ? 'yes' : 'no',
    row.help,
  ]);
  return `${generated}

# Errors

Every error that Squadra raises on purpose is a \`SquadraError\` with one of these codes. Its \`message\` says what
happened and to which id, its \`details\` carry ids, versions and limits for programs, its \`cause\` is the error below it.

- **Status** is the HTTP status of an answer that carries the error (\`error.status\`).
- **Retried** says whether the same attempt may succeed later (\`error.retryable\`). A step that fails with such an error is
  tried again by its retry policy; with any other it fails at once. Errors without a code are retried, except
  \`NonRetryableError\`.
- **What to do** is \`error.help\`. Each code links to its causes and cures.

A code keeps its meaning for ever, and is never given to something else.

${table(['Code', 'Status', 'Retried', 'What to do'], rows)}
`;
}

/** The reference of settings, from the table of settings. */
export function settingsPage(): string {
  const settings = Object.entries(settingTable).map(([key, setting]) => ({
    ...setting,
    option: optionName(key as keyof Settings),
  }));
  const rows = settings.map(({ env, option, shownDefault, unit, bounds }) => [
    `[\`${env}\`](#${env.toLowerCase()})`,
    `\`${option}\``,
    shownDefault === 'none' ? 'none' : `\`${shownDefault}\``,
    unit,
    bounds,
  ]);
  const sections = settings.map(({ env, doc }) => `## \`${env}\`\n\n${doc}`);
  return `${generated}

# Settings

A setting comes from the environment, or from \`settings\` in code, under its name in camelCase; code wins, and an empty
variable counts as absent.

\`\`\`ts
import { openSquadra } from 'squadra';

await using squadra = await openSquadra({ settings: { maxConcurrentExecutions: 500, shutdownGrace: '10s' } });
\`\`\`

- A **duration** needs a unit in the environment: \`500ms\`, \`30s\`, \`1h30m\`, \`7d\`. In code it may also be a number of
  milliseconds or \`{ minutes: 5 }\`.
- **Bytes** are a number or have a unit: \`4194304\`, \`4MiB\`.
- A value that is out of bounds, a setting that does not exist and an unknown variable that begins with \`SQUADRA_\` stop the
  start. All problems are listed at once, under the code
  [\`INVALID_SETTING\`](../troubleshooting.md#invalid_setting).

${table(['Environment', 'In code', 'Default', 'Unit', 'Bounds'], rows)}

${sections.join('\n\n')}
`;
}

// Not `import.meta.main`: the launcher imports this file.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/reference/errors.md', import.meta.url), errorsPage());
  writeFileSync(new URL('../docs/reference/settings.md', import.meta.url), settingsPage());
  writeFileSync(new URL('../docs/roles.md', import.meta.url), rolesPage());
}
