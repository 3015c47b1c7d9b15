import type { Database, Statements } from './database.ts';

/**
 * Records are read in the order of the transactions that wrote them, and none that is newer than what still writes. A dump takes
 * the numbers of these transactions along into a server that counts its own: where that has not come so far yet, what was restored
 * would be newer than everything, hidden from the feed and from the figures until its time comes. So before a process begins its work,
 * records of transactions that this server has not reached are written as of now, the oldest first, and the place up to which figures
 * were counted moves along.
 *
 * R1  The order of all records stays, and so does which of them are counted, wherever this is interrupted.
 * R2  Where nothing was restored, nothing is changed: no record is of a transaction that is yet to come.
 *
 * `atOnce` records get their new place in one transaction. Returns how many did.
 */
export async function placeRestoredRecords(database: Database, atOnce = 5_000): Promise<number> {
  let placed = 0;
  while (await isAhead(database)) placed += await database.transaction((statements) => placeSome(statements, atOnce));
  return placed;
}

const ahead = 'xid >= pg_snapshot_xmax(pg_current_snapshot())';

async function isAhead(statements: Statements): Promise<boolean> {
  const row = await statements.first(
    `SELECT EXISTS (SELECT 1 FROM journal WHERE ${ahead}) OR EXISTS (SELECT 1 FROM metric_counted WHERE ${ahead})`,
  );
  return row?.[0] === true;
}

/** Those that are counted before those that are not: the place stands between them. */
async function placeSome(statements: Statements, atOnce: number): Promise<number> {
  const place = await statements.first(`SELECT xid::text, no, ${ahead} FROM metric_counted WHERE id = 0 FOR UPDATE`);
  const isPlaceAhead = place?.[2] === true;
  const [xid, no] = [String(place?.[0]), Number(place?.[1])];
  const placed = await statements.all(
    `UPDATE journal SET xid = pg_current_xact_id() WHERE no = ANY(ARRAY(
        SELECT no FROM journal WHERE ${ahead} AND (NOT $1::boolean OR (xid, no) <= ($2::xid8, $3::bigint)) ORDER BY xid, no LIMIT ${atOnce}
      )) RETURNING no`,
    String(isPlaceAhead),
    xid,
    no,
  );
  if (isPlaceAhead && placed.length < atOnce)
    await statements.run(
      'UPDATE metric_counted SET xid = pg_current_xact_id(), no = $1 WHERE id = 0',
      Math.max(0, ...placed.map(([placedNo]) => Number(placedNo))),
    );
  return placed.length;
}
