/** Who signed in with which key in a browser. */
export const sessionSchema = `
  CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_key ON sessions (key_id, created_at);
  CREATE INDEX sessions_used ON sessions (used_at);
`;
