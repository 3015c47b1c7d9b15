/**
 * Waits until all are through, and gives their results in the order of the list; or throws the first failure in that order.
 * One failure does not cut off the others: what they do is paid for, and a retry of the execution finds it committed.
 */
export async function sideBySide<T>(works: readonly Promise<T>[]): Promise<readonly T[]> {
  const ends = await Promise.allSettled(works);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
