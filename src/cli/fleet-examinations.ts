import { inspectFleetDatabase, inspectFleetEngine, inspectFleetNats, inspectFleetRedis } from '../compose/outside.ts';
import type { Settings } from '../config/settings.ts';
import { messageOf } from './examination.ts';
import type { Examination } from './examination.ts';

/** The database of a fleet, its engine, the workers that this knows, its NATS and its Redis. */
export async function examineFleet(settings: Settings): Promise<Examination[]> {
  return [
    await examineDatabase(settings),
    ...(await examineEngine(settings)),
    ...(await examineNats(settings)),
    ...(await examineRedis(settings)),
  ];
}

async function examineDatabase(settings: Settings): Promise<Examination> {
  try {
    const { name, serverVersion, sizeBytes, version, currentVersion, keepsVanished } =
      await inspectFleetDatabase(settings);
    const size = `${(sizeBytes / 1024 ** 2).toFixed(1)} MiB`;
    const place = `${name}: PostgreSQL ${serverVersion}, ${size}`;
    if (version === 0) return database('note', `${place}, no state yet; \`squadra migrate\` makes it`);
    if (version < currentVersion)
      return database('note', `${place}, version ${version}; \`squadra migrate\` brings it to ${currentVersion}`);
    const newer = version > currentVersion ? `, made by newer code (this one knows ${currentVersion})` : '';
    const told = `${place}, version ${version}${newer}`;
    if (keepsVanished === null) return database('ok', told);
    return database(
      'note',
      `${told}\nlocks of processes that vanish are kept for hours; as its owner: ${keepsVanished}`,
    );
  } catch (error) {
    return database('bad', messageOf(error));
  }
}

function database(result: Examination['result'], text: string): Examination {
  return { name: 'database', result, text };
}

/** Nothing stands still without it: what it tells comes out of the database. */
async function examineNats(settings: Settings): Promise<Examination[]> {
  const found = await inspectFleetNats(settings);
  if (found === null) return [];
  const { name, version, problem } = found;
  if (problem === null)
    return [{ name: 'NATS', result: 'ok', text: `${name}: nats-server ${version ?? 'of unknown version'}` }];
  return [{ name: 'NATS', result: 'note', text: `${name}: ${problem}; until it answers live events come late` }];
}

/** Nothing stands still without it either: what was read is read again. */
async function examineRedis(settings: Settings): Promise<Examination[]> {
  const found = await inspectFleetRedis(settings);
  if (found === null) return [];
  const { name, version, problem } = found;
  if (problem === null)
    return [{ name: 'Redis', result: 'ok', text: `${name}: redis-server ${version ?? 'of unknown version'}` }];
  return [
    {
      name: 'Redis',
      result: 'note',
      text: `${name}: ${problem}; until it answers each process reads for itself, and keeps limits by itself`,
    },
  ];
}

async function examineEngine(settings: Settings): Promise<Examination[]> {
  const { nodes, workers } = await inspectFleetEngine(settings);
  const away = nodes.filter(({ problem }) => problem !== null);
  const told = nodes.map(({ url, problem }) => `${url} ${problem ?? 'answers'}`).join('\n');
  const isGone = nodes.length > 0 && away.length === nodes.length;
  const engine: Examination = {
    name: 'engine',
    result: isGone ? 'bad' : away.length > 0 ? 'note' : 'ok',
    text: `${settings.engine}\n${told}`,
  };
  if (workers === null) return [engine];
  const text =
    workers.length === 0
      ? 'none has registered yet; start one with `squadra serve --role worker`'
      : `${workers.at(-1) ?? ''} gets new work${workers.length === 1 ? '' : `; older: ${workers.slice(0, -1).join(', ')}`}`;
  return [engine, { name: 'workers', result: workers.length === 0 ? 'note' : 'ok', text }];
}
