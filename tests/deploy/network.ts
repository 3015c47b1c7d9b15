import type { INetworkPolicyPeer, INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1';
import { policies } from './manifests.ts';
import type { Labels } from './manifests.ts';

/** Somebody who talks: a pod in here, a pod of another namespace, or an address elsewhere. */
export type Party = { readonly pod: Labels } | { readonly namespace: string } | { readonly address: string };

/** Whether the policies let one talk to the other on a port: out of the one, and into the other. */
export function mayTalk(from: Party, to: Party, port: number): boolean {
  const leaves = !('pod' in from) || passes('Egress', from.pod, to, port);
  const enters = !('pod' in to) || passes('Ingress', to.pod, from, port);
  return leaves && enters;
}

function passes(direction: 'Ingress' | 'Egress', own: Labels, other: Party, port: number): boolean {
  const concerning = policies.filter(
    ({ spec }) => spec?.policyTypes?.includes(direction) === true && matches(spec.podSelector, own),
  );
  if (concerning.length === 0) return true;
  return concerning.some(({ spec }) =>
    direction === 'Ingress'
      ? (spec?.ingress ?? []).some(({ from, ports }) => isPeer(from, other) && isPort(ports, port))
      : (spec?.egress ?? []).some(({ to, ports }) => isPeer(to, other) && isPort(ports, port)),
  );
}

function isPort(ports: readonly INetworkPolicyPort[] | undefined, port: number): boolean {
  return ports === undefined || ports.some((each) => each.port === port);
}

function isPeer(peers: readonly INetworkPolicyPeer[] | undefined, other: Party): boolean {
  if (peers === undefined) return true;
  return peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
    if ('address' in other)
      return ipBlock !== undefined && !(ipBlock.except ?? []).some((range) => isWithin(other.address, range));
    if ('namespace' in other)
      return (
        matches(namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace }) && podSelector === undefined
      );
    return namespaceSelector === undefined && matches(podSelector, other.pod);
  });
}

function matches(selector: INetworkPolicyPeer['podSelector'], labels: Labels): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`These tests do not read ${operator}.`);
      return values?.includes(labels[key] ?? '') === true;
    })
  );
}

function isWithin(address: string, range: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(address) / size) === Math.floor(number(base) / size);
}

function number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
