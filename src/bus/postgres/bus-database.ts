/** What a bus needs of the database of a fleet: statements with `$1`, `$2`, … that each are a transaction, rows as arrays. */
export interface BusDatabase {
  run(sql: string, ...values: readonly BusValue[]): Promise<number>;
  all(sql: string, ...values: readonly BusValue[]): Promise<readonly (readonly unknown[])[]>;
}

type BusValue = string | number | null | readonly (string | number | null)[];
