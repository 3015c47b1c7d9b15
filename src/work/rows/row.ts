/** A row as an array of columns, as every adapter reads it. */
export type Row = readonly unknown[];
