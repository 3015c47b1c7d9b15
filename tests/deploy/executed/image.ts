import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../../repo/repo-files.ts';

/** What a Dockerfile says of how its image is run. */
export interface Image {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workdir: string | null;
  readonly stopSignal: NodeJS.Signals;
}

const wordsShape = z.array(z.string());
const signalShape = z.enum(['SIGTERM', 'SIGQUIT', 'SIGINT']);

export function readImage(dockerfile: string): Image {
  const text = readFileSync(join(root, dockerfile), 'utf8').replaceAll('\\\n', ' ');
  const last = (word: string): string | undefined => [...text.matchAll(new RegExp(`^${word} (.*)$`, 'gm'))].at(-1)?.[1];
  const words = (word: string): string[] => wordsShape.parse(JSON.parse(last(word) ?? '[]'));
  return {
    entrypoint: words('ENTRYPOINT'),
    command: words('CMD'),
    workdir: last('WORKDIR') ?? null,
    stopSignal: signalShape.parse(last('STOPSIGNAL') ?? 'SIGTERM'),
  };
}

/** The images that the manifests name, without their versions. Those of Restate, NATS and Redis are known by their entry points. */
export const images: ReadonlyMap<string, Image> = new Map([
  ['squadra', readImage('deploy/docker/Dockerfile')],
  ['squadra-nginx', readImage('deploy/nginx/Dockerfile')],
  ['squadra-pgbouncer', readImage('deploy/pgbouncer/Dockerfile')],
  ['restatedev/restate', { entrypoint: ['restate-server'], command: [], workdir: null, stopSignal: 'SIGTERM' }],
  ['redis', { entrypoint: ['redis-server'], command: [], workdir: null, stopSignal: 'SIGTERM' }],
  ['nats', { entrypoint: ['nats-server'], command: [], workdir: null, stopSignal: 'SIGTERM' }],
]);

/** The program that one of Restate's packages brings for this platform. */
export function ofRestate(name: 'restate-server' | 'restatectl'): string {
  const require = createRequire(createRequire(import.meta.url).resolve(`@restatedev/${name}/package.json`));
  return require.resolve(`@restatedev/${name}-${process.platform}-${process.arch}/bin/${name}`);
}
