import { z } from 'zod';
import { objectName } from './order.ts';

export interface RestateInspectionSettings {
  readonly restateIngressUrl: readonly string[];
  readonly restateAdminUrl: readonly string[];
}

/** Addresses of Restate that answer and those that do not, and the workers that it knows. */
export interface RestateInspection {
  readonly nodes: readonly { readonly url: string; readonly problem: string | null }[];
  /** Addresses under which workers are registered, the newest last; null where no address of its admin API answers. */
  readonly workers: readonly string[] | null;
}

const timeoutMs = 3_000;

const deployments = z.object({
  deployments: z.array(
    z.object({
      uri: z.string(),
      created_at: z.string(),
      services: z.array(z.object({ name: z.string() })),
    }),
  ),
});

/** Asks each node of Restate whether it is there, and one of them which workers it knows. Never throws. */
export async function inspectRestate(settings: RestateInspectionSettings): Promise<RestateInspection> {
  const asked = [
    ...settings.restateIngressUrl.map((url) => ({ url, path: '/restate/health' })),
    ...settings.restateAdminUrl.map((url) => ({ url, path: '/health' })),
  ];
  const nodes = await Promise.all(asked.map(async ({ url, path }) => ({ url, problem: await problemOf(url, path) })));
  for (const url of settings.restateAdminUrl) {
    const workers = await readWorkers(url).catch(() => null);
    if (workers !== null) return { nodes, workers };
  }
  return { nodes, workers: null };
}

async function problemOf(url: string, path: string): Promise<string | null> {
  try {
    const answer = await fetch(new URL(path, url), { signal: AbortSignal.timeout(timeoutMs) });
    await answer.body?.cancel();
    return answer.ok ? null : `answers ${answer.status}`;
  } catch (error) {
    const { cause, message } = error instanceof Error ? error : new Error(String(error));
    return cause instanceof Error ? cause.message : message;
  }
}

async function readWorkers(adminUrl: string): Promise<readonly string[]> {
  const answer = await fetch(new URL('/deployments', adminUrl), { signal: AbortSignal.timeout(timeoutMs) });
  const found = deployments.parse(await answer.json()).deployments;
  return found
    .filter(({ services }) => services.some(({ name }) => name === objectName))
    .toSorted((a, b) => a.created_at.localeCompare(b.created_at))
    .map(({ uri }) => uri);
}
