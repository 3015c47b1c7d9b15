/** Squads, and who gets in. */
export const squadTables = `
  CREATE TABLE squads (
    tenant TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT COLLATE "C",
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
  );
  CREATE UNIQUE INDEX squads_name ON squads (tenant, name);
  CREATE INDEX squads_user ON squads (tenant, user_id, id) WHERE user_id IS NOT NULL;

  CREATE TABLE squad_versions (
    tenant TEXT COLLATE "C" NOT NULL,
    squad_id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, squad_id, version)
  );

  CREATE TABLE api_keys (
    id TEXT COLLATE "C" PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
  );
  CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
  CREATE INDEX api_keys_tenant ON api_keys (tenant, id);

  CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL,
    sub TEXT COLLATE "C" NOT NULL,
    name TEXT,
    email TEXT,
    created_at BIGINT NOT NULL
  );
  CREATE UNIQUE INDEX users_sub ON users (tenant, sub);

  CREATE TABLE sessions (
    hash TEXT COLLATE "C" PRIMARY KEY,
    key_id TEXT COLLATE "C" NOT NULL REFERENCES api_keys (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
  );
  CREATE INDEX sessions_key ON sessions (key_id, created_at);
  CREATE INDEX sessions_used ON sessions (used_at);
`;
