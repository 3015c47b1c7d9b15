/**
 * What a database does about processes that vanish, with their machine or their network, and say no good-bye. PostgreSQL would wait
 * for two hours, and as long nobody else could touch the rows that such a process had locked. So it looks after a silent connection
 * half a minute later, and ends a transaction in which nothing was asked for so long; our own are never idle for more than a moment.
 *
 * These are defaults of the database, for connections that begin later, because nothing of ours lives in a connection. What its owner
 * has set stays. Who is not the owner may not set them: `squadra doctor` says so.
 */
const abandonmentSettings = {
  idle_in_transaction_session_timeout: '30s',
  tcp_keepalives_idle: '30',
  tcp_keepalives_interval: '10',
  tcp_keepalives_count: '3',
} as const;

const values = Object.entries(abandonmentSettings).map(([name, value]) => `('${name}', '${value}')`);

export const endVanishedClients = `
  DO $$
  DECLARE
    given record;
  BEGIN
    FOR given IN SELECT * FROM (VALUES ${values.join(', ')}) AS wanted (name, value)
      WHERE NOT EXISTS (SELECT 1 FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS line
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND setrole = 0
          AND split_part(line, '=', 1) = wanted.name)
    LOOP
      EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET ' || given.name || ' = ' || quote_literal(given.value);
    END LOOP;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'Only the owner of the database may set what becomes of clients that vanish.';
  END
  $$`;

/** True where the database has it for connections that begin later; the one that asks, or a pooler's, may be older. */
export const abandonmentIsSet = `EXISTS (SELECT 1 FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS line
  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND line LIKE 'idle\\_in\\_transaction\\_session\\_timeout=%' AND line NOT LIKE '%=0')`;

/** What the owner of a database has to say where we may not. */
export function abandonmentCommands(database: string): string {
  const name = `"${database.replaceAll('"', '""')}"`;
  return Object.entries(abandonmentSettings)
    .map(([setting, value]) => `ALTER DATABASE ${name} SET ${setting} = '${value}';`)
    .join(' ');
}
