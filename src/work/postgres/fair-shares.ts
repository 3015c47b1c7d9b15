/** A tenant with rows that wait, and how much of what it has is in hand already. */
export interface TenantLoad {
  readonly tenant: string;
  readonly inFlight: number;
}

/**
 * How many of `places` each tenant may have: those that have the least in hand are filled up first, until all have the same. Of
 * tenants that have the same the earlier ones come first. Gives only tenants that get something.
 */
export function fairShares(tenants: readonly TenantLoad[], places: number): Map<string, number> {
  const shares = new Map<string, number>();
  if (places <= 0 || tenants.length === 0) return shares;
  const order = [...tenants].sort((a, b) => a.inFlight - b.inFlight);
  const level = levelOf(order, places);
  let left = places;
  for (const { tenant, inFlight } of order) {
    const share = Math.min(left, Math.max(0, level - inFlight));
    if (share > 0) shares.set(tenant, share);
    left -= share;
  }
  // What does not go up evenly goes to the first ones.
  for (const { tenant, inFlight } of order) {
    if (left === 0) break;
    if (inFlight > level) continue;
    shares.set(tenant, (shares.get(tenant) ?? 0) + 1);
    left -= 1;
  }
  return shares;
}

/** The highest level up to which all that are below it can be filled with so many places. */
function levelOf(order: readonly TenantLoad[], places: number): number {
  let sum = 0;
  for (const [place, { inFlight }] of order.entries()) {
    const needed = place * inFlight - sum;
    if (needed > places) return Math.floor((places + sum) / place);
    sum += inFlight;
  }
  return Math.floor((places + sum) / order.length);
}
