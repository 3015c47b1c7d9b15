import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { root } from '../repo/repo-files.ts';

/** What of kustomize is used here; anything else is refused, so that nothing is passed over. */
const kustomizationShape = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()).default([]),
  configMapGenerator: z.array(z.strictObject({ name: z.string(), files: z.array(z.string()) })).default([]),
});

const manifestShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

/** One object for Kubernetes, and the file that it is from. */
export interface Manifest extends z.infer<typeof manifestShape> {
  readonly file: string;
}

/** All that `kubectl apply -k <folder>` would apply, without the hashes that kustomize adds to the names of generated ConfigMaps. */
export function renderKustomization(folder: string): Manifest[] {
  const path = join(folder, 'kustomization.yaml');
  const { resources, configMapGenerator } = kustomizationShape.parse(parse(readFileSync(path, 'utf8')));
  const generated = configMapGenerator.map(({ name, files }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: Object.fromEntries(files.map((file) => [basename(file), readFileSync(join(folder, file), 'utf8')])),
    file: relative(root, path),
  }));
  const below = resources.map((each) => join(folder, each));
  return [
    ...generated,
    ...below.flatMap((each) => (each.endsWith('.yaml') ? readManifests(each) : renderKustomization(each))),
  ];
}

export function readManifests(path: string): Manifest[] {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'), { uniqueKeys: true });
  return documents.map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors.map(String).join('; ')}`);
    return { ...manifestShape.parse(document.toJS()), file: relative(root, path) };
  });
}
