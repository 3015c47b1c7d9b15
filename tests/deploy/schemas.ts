import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, PersistentVolumeClaim, Secret, Service } from 'kubernetes-models/v1';
import { root } from '../repo/repo-files.ts';
import type { Manifest } from './kustomization.ts';

const run = promisify(execFile);

/** By API version and kind: the model that checks an object, and the module that describes its shape. */
const models = new Map<string, { readonly module: string; readonly check: (manifest: object) => void }>();

function know(module: string, ...classes: readonly (new (data: never) => { validate(): void })[]): void {
  for (const Model of classes) {
    const { apiVersion, kind } = Model as unknown as { readonly apiVersion: string; readonly kind: string };
    models.set(`${apiVersion} ${kind}`, { module, check: (manifest) => new Model(manifest as never).validate() });
  }
}
know('kubernetes-models/v1', ConfigMap, Namespace, PersistentVolumeClaim, Secret, Service);
know('kubernetes-models/apps/v1', Deployment, StatefulSet);
know('kubernetes-models/autoscaling/v2', HorizontalPodAutoscaler);
know('kubernetes-models/batch/v1', Job);
know('kubernetes-models/networking.k8s.io/v1', NetworkPolicy);
know('kubernetes-models/policy/v1', PodDisruptionBudget);
know('@kubernetes-models/keda/keda.sh/v1alpha1', ScaledObject);
know('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1', PodMonitor);

/** What the schema of its kind has against a manifest; null where nothing. */
export function schemaFault({ file: _, ...manifest }: Manifest): string | null {
  const model = models.get(`${manifest.apiVersion} ${manifest.kind}`);
  if (model === undefined) return `no schema of ${manifest.apiVersion} ${manifest.kind}`;
  try {
    model.check(manifest);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Fields that no schema knows: those let them pass, and Kubernetes would drop them. As a literal of its type each manifest is held
 * against the names that there are. Gives the lines of the compiler that name them.
 */
export async function unknownFields(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = mkdtempSync(join(root, '.docs-snippets-'));
  try {
    const lines = manifests.map(({ file: _, ...manifest }, place) => {
      const module = models.get(`${manifest.apiVersion} ${manifest.kind}`)?.module ?? '';
      const type = `import('${module}').I${manifest.kind}`;
      return `export const m${place}: ${type} = ${JSON.stringify(manifest)};`;
    });
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../tsconfig.json',
        compilerOptions: { exactOptionalPropertyTypes: false },
        include: ['*.ts'],
        exclude: [],
      }),
    );
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '--project', folder], { cwd: folder });
    return [];
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    return said.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
