import pg from 'pg';

/**
 * Bugs that break the contract and that the verdict has to find, planted in the database, where no process can know of them:
 * a claim of what runs already leaves the epoch as it was; one row in twenty of the outbox is never written.
 */
export const fleetPlants = {
  'no-fence': `
    CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.epoch := OLD.epoch; RETURN NEW; END $$;
    CREATE TRIGGER planted BEFORE UPDATE ON executions FOR EACH ROW
      WHEN (OLD.status = 'running' AND NEW.status = 'running' AND NEW.epoch > OLD.epoch) EXECUTE FUNCTION planted();`,
  'lost-outbox': `
    CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER planted BEFORE INSERT ON outbox FOR EACH ROW WHEN (NEW.no % 20 = 0) EXECUTE FUNCTION planted();`,
} as const satisfies Record<string, string>;

export type FleetPlant = keyof typeof fleetPlants;

export function isFleetPlant(name: string): name is FleetPlant {
  return Object.hasOwn(fleetPlants, name);
}

export async function plantBug(databaseUrl: string, plant: FleetPlant): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(fleetPlants[plant]);
  } finally {
    await client.end();
  }
}
