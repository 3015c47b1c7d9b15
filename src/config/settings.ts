import type { Duration } from '../kernel/duration.ts';
import { SquadraError } from '../kernel/errors.ts';
import { fleetProblems } from './fleet-check.ts';
import type { DurationSetting, Setting } from './setting.ts';
import { settingTable } from './setting-table.ts';
import { suggestion } from './spelling.ts';

type Table = typeof settingTable;
type ValueOf<Row> = Row extends Setting<infer Value> ? Value : never;
type DurationKey = { [Key in keyof Table]: Table[Key] extends DurationSetting ? Key : never }[keyof Table];
type WithoutMs<Key extends string> = Key extends `${infer Name}Ms` ? Name : Key;

/** The settings that run: every one has a value, lengths of time are milliseconds. */
export type Settings = { readonly [Key in keyof Table]: ValueOf<Table[Key]> };

/**
 * What a caller may give: the names of the environment in camelCase, lengths of time as a `Duration`
 * (`{ maxSteps: 500, shutdownGrace: '10s' }`). Values of `Settings` may be passed on under their own names.
 */
export type SettingOptions = Partial<Settings> & { readonly [Key in DurationKey as WithoutMs<Key>]?: Duration };

/** The variables of an environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Row {
  readonly key: string;
  /** The name in `SettingOptions`. */
  readonly option: string;
  readonly setting: Setting<unknown>;
}

const rows: readonly Row[] = Object.entries(settingTable).map(([key, setting]) => ({
  key,
  option: 'kind' in setting ? key.replace(/Ms$/, '') : key,
  setting,
}));

/** What a setting is called in code: `shutdownGrace` for the row `shutdownGraceMs`. */
export function optionName(key: keyof Settings): string {
  return rows.find((row) => row.key === key)?.option ?? key;
}

/**
 * The settings from the environment and from code; code wins, an empty variable counts as absent.
 *
 * @throws SquadraError `INVALID_SETTING` that lists every problem at once (`details: { problems }`): values out of
 * bounds, and names that do not exist, in `overrides` as in `SQUADRA_…` variables.
 */
export function readSettings(environment: Environment, overrides: SettingOptions = {}): Settings {
  const given = new Map(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const problems = [...unknownVariables(environment), ...unknownOptions(given)];
  const values: Record<string, unknown> = {};
  for (const row of rows) {
    const reading = readRow(row, environment, given);
    if ('value' in reading) values[row.key] = reading.value;
    else problems.push(reading.problem);
  }
  const settings = values as Partial<Settings>;
  const { baselineParallelism: least = 1, maxParallelism: most = least } = settings;
  if (least > most)
    problems.push(`SQUADRA_BASELINE_PARALLELISM (${least}) is more than SQUADRA_MAX_PARALLELISM (${most})`);
  problems.push(...fleetProblems(settings));
  if (problems.length > 0) throw invalidSettings(problems);
  // Each row of the table was read by its own parse, so the record has exactly the shape derived from the table.
  return values as Settings;
}

/** The settings of this process. The only place where Squadra reads its environment. */
export function readProcessSettings(overrides: SettingOptions = {}): Settings {
  return readSettings(process.env, overrides);
}

function readRow(
  row: Row,
  environment: Environment,
  given: ReadonlyMap<string, unknown>,
): { value: unknown } | { problem: string } {
  const { key, option, setting } = row;
  if (option !== key && given.has(key) && given.has(option))
    return { problem: `${option} is given twice, as ${option} and as ${key}; give one` };
  if (given.has(option)) return parse(setting, option, given.get(option));
  if (given.has(key)) return parse(setting, key, given.get(key));
  const text = environment[setting.env];
  return text === undefined || text.trim() === '' ? { value: setting.default } : parse(setting, setting.env, text);
}

function parse(setting: Setting<unknown>, name: string, value: unknown): { value: unknown } | { problem: string } {
  const reading = setting.parse(value);
  if (reading.ok) return reading;
  const shown = setting.secret ? '' : `: ${typeof value === 'string' ? `'${value}'` : String(value)}`;
  return { problem: `${name}${shown} ${reading.problem}` };
}

function unknownVariables(environment: Environment): string[] {
  const known = rows.map((row) => row.setting.env);
  return Object.keys(environment)
    .filter((name) => name.startsWith('SQUADRA_') && !known.includes(name))
    .map((name) => `${name} is not a setting of this version${suggestion(name, known)}`);
}

function unknownOptions(given: ReadonlyMap<string, unknown>): string[] {
  const known = rows.map((row) => row.option);
  const accepted = new Set([...known, ...rows.map((row) => row.key)]);
  return [...given.keys()]
    .filter((name) => !accepted.has(name))
    .map((name) => `${name} is not a setting of this version${suggestion(name, known)}`);
}

function invalidSettings(problems: readonly string[]): SquadraError {
  const head = problems.length === 1 ? 'A setting is wrong' : `${problems.length} settings are wrong`;
  const message = `${head}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\nCorrect or remove them; all settings are in docs/reference/settings.md.`;
  return new SquadraError('INVALID_SETTING', message, { details: { problems } });
}
