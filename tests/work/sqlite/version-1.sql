BEGIN TRANSACTION;
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    execution INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    step_key TEXT NOT NULL,
    title TEXT NOT NULL,
    details TEXT,
    choices TEXT NOT NULL,
    status TEXT NOT NULL,
    choice TEXT,
    by TEXT,
    comment TEXT,
    text TEXT,
    created_at INTEGER NOT NULL,
    answered_at INTEGER
  ) STRICT, WITHOUT ROWID;
INSERT INTO "approvals" VALUES('01a203fa-bf80-8ac8-a4a1-7aa6580fbffe','local',2,'01a203fa-bf80-7000-a8af-7580c171747c','release','Out with it?',NULL,'["yes","no"]','pending',NULL,NULL,NULL,NULL,1795363094410,NULL);
CREATE TABLE executions (
    no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    priority INTEGER NOT NULL,
    wake_at INTEGER,
    workflow TEXT NOT NULL,
    squad_id TEXT,
    squad_version INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    is_request INTEGER NOT NULL,
    idempotency_key TEXT,
    request_hash TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_micro_usd INTEGER NOT NULL DEFAULT 0,
    model_calls INTEGER NOT NULL DEFAULT 0,
    estimated_calls INTEGER NOT NULL DEFAULT 0,
    unpriced_calls INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    metadata TEXT NOT NULL,
    error TEXT,
    input TEXT NOT NULL,
    output TEXT
  ) STRICT;
INSERT INTO "executions" VALUES(1,'local','01a203fa-bf57-7000-8800-e77ee27545fa',1,'completed',2,0,NULL,'greet',NULL,NULL,1795363094359,1795363094359,1795363094397,0,'once','24b5213393edb5044a1dfa257423d7cd',0,0,0,0,0,0,0,0,NULL,'{"from":"v1"}',NULL,'{}','["Hello",{"deep":[1,null]}]');
INSERT INTO "executions" VALUES(2,'local','01a203fa-bf80-7000-a8af-7580c171747c',1,'waiting',2,0,NULL,'ask',NULL,NULL,1795363094400,1795363094400,NULL,0,NULL,NULL,0,0,0,0,0,0,0,0,NULL,'null',NULL,'{}',NULL);
INSERT INTO "executions" VALUES(3,'local','01a203fa-bf94-7000-9953-2747e2bb5912',1,'failed',2,0,NULL,'fail',NULL,NULL,1795363094420,1795363094420,1795363094430,0,NULL,NULL,0,0,0,0,0,0,0,0,NULL,'null','{"name":"Error","message":"broken","stack":"Error: broken\n    at step.run.retries (file:///app/make.ts:4:102)\n    at Object.perform (file:///app/src/workflows/steps.ts:41:20)\n    at #perform (file:///app/src/workflows/attempts.ts:182:33)\n    at #begin (file:///app/src/workflows/attempts.ts:144:20)\n    at new AttemptLoop (file:///app/src/workflows/attempts.ts:106:35)\n    at file:///app/src/workflows/steps.ts:21:17\n    at Run.reach (file:///app/src/workflows/run.ts:129:58)\n    at file:///app/src/workflows/steps.ts:18:9\n    at new Promise (<anonymous>)\n    at performStep (file:///app/src/workflows/steps.ts:16:10)"}','{}',NULL);
INSERT INTO "executions" VALUES(4,'acme','01a203fa-bf9f-7000-9030-34df0dbf144b',1,'completed',2,0,NULL,'greet',NULL,NULL,1795363094431,1795363094431,1795363094434,0,NULL,NULL,0,0,0,0,0,0,0,0,NULL,'null',NULL,'{}','["Hello",{"deep":[1,null]}]');
INSERT INTO "executions" VALUES(5,'local','01a203fa-bfa5-7000-8535-df0718ae1784',0,'created',1,0,NULL,'pipeline','01a203fa-bf00-7001-948d-1d8811921b6a',1,1795363094438,NULL,NULL,1,NULL,NULL,0,0,0,0,0,0,0,0,NULL,'null',NULL,'{"message":"Add a login page"}',NULL);
CREATE TABLE journal (
    execution INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT,
    type TEXT,
    phase TEXT,
    attempt INTEGER,
    input_hash TEXT,
    due_at INTEGER,
    data TEXT,
    text TEXT
  ) STRICT;
INSERT INTO "journal" VALUES(1,1,'local',1795363094359,'status',NULL,'queued',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(1,2,'local',1795363094359,'status',NULL,'running',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(1,3,'local',1795363094386,'step','one','run','completed',1,NULL,NULL,NULL,'"Hello"');
INSERT INTO "journal" VALUES(1,4,'local',1795363094393,'step','two','run','completed',1,NULL,NULL,NULL,'{"deep":[1,null]}');
INSERT INTO "journal" VALUES(1,5,'local',1795363094397,'status',NULL,'completed',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(2,1,'local',1795363094400,'status',NULL,'queued',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(2,2,'local',1795363094400,'status',NULL,'running',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(2,3,'local',1795363094410,'step','release','approval','waiting',1,'07273844c4d363d59d6d72010ede49a3',NULL,'{"error":null,"details":"{\"id\":\"01a203fa-bf80-8ac8-a4a1-7aa6580fbffe\",\"title\":\"Out with it?\",\"details\":null,\"choices\":[\"yes\",\"no\"]}","usage":null}',NULL);
INSERT INTO "journal" VALUES(2,4,'local',1795363094410,'status',NULL,'waiting',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(3,1,'local',1795363094420,'status',NULL,'queued',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(3,2,'local',1795363094420,'status',NULL,'running',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(3,3,'local',1795363094425,'step','break','run','failed',1,NULL,NULL,'{"error":{"name":"Error","message":"broken","stack":"Error: broken\n    at step.run.retries (file:///app/make.ts:4:102)\n    at Object.perform (file:///app/src/workflows/steps.ts:41:20)\n    at #perform (file:///app/src/workflows/attempts.ts:182:33)\n    at #begin (file:///app/src/workflows/attempts.ts:144:20)\n    at new AttemptLoop (file:///app/src/workflows/attempts.ts:106:35)\n    at file:///app/src/workflows/steps.ts:21:17\n    at Run.reach (file:///app/src/workflows/run.ts:129:58)\n    at file:///app/src/workflows/steps.ts:18:9\n    at new Promise (<anonymous>)\n    at performStep (file:///app/src/workflows/steps.ts:16:10)"},"details":null,"usage":null}',NULL);
INSERT INTO "journal" VALUES(3,4,'local',1795363094430,'status',NULL,'failed',NULL,NULL,NULL,NULL,'{"error":{"name":"Error","message":"broken","stack":"Error: broken\n    at step.run.retries (file:///app/make.ts:4:102)\n    at Object.perform (file:///app/src/workflows/steps.ts:41:20)\n    at #perform (file:///app/src/workflows/attempts.ts:182:33)\n    at #begin (file:///app/src/workflows/attempts.ts:144:20)\n    at new AttemptLoop (file:///app/src/workflows/attempts.ts:106:35)\n    at file:///app/src/workflows/steps.ts:21:17\n    at Run.reach (file:///app/src/workflows/run.ts:129:58)\n    at file:///app/src/workflows/steps.ts:18:9\n    at new Promise (<anonymous>)\n    at performStep (file:///app/src/workflows/steps.ts:16:10)"}}',NULL);
INSERT INTO "journal" VALUES(4,1,'acme',1795363094431,'status',NULL,'queued',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(4,2,'acme',1795363094431,'status',NULL,'running',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(4,3,'acme',1795363094432,'step','one','run','completed',1,NULL,NULL,NULL,'"Hello"');
INSERT INTO "journal" VALUES(4,4,'acme',1795363094433,'step','two','run','completed',1,NULL,NULL,NULL,'{"deep":[1,null]}');
INSERT INTO "journal" VALUES(4,5,'acme',1795363094434,'status',NULL,'completed',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(5,1,'local',1795363094438,'message',NULL,'user','request',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "journal" VALUES(5,2,'local',1795363094438,'status',NULL,'created',NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE signals (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    execution INTEGER NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    taken_at INTEGER
  ) STRICT;
CREATE TABLE squad_versions (
    tenant TEXT NOT NULL,
    squad_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, squad_id, version)
  ) STRICT, WITHOUT ROWID;
INSERT INTO "squad_versions" VALUES('local','01a203fa-bf00-7001-948d-1d8811921b6a',1,'{"id":"01a203fa-bf00-7001-948d-1d8811921b6a","name":"pair","description":null,"members":[{"id":"01a203fa-beff-7000-97ce-0249f914c489","name":"Ada","role":"tester","specialization":null,"provider":null,"model":null,"temperature":0.7,"instructions":null,"tools":[],"version":1},{"id":"01a203fa-bf00-7000-9815-58d8fdedb4b0","name":"Project manager","role":"project_manager","specialization":null,"provider":null,"model":null,"temperature":0.7,"instructions":null,"tools":[],"version":1}],"version":1,"createdAt":1795363094272,"updatedAt":1795363094272}');
CREATE TABLE squads (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
INSERT INTO "squads" VALUES('local','01a203fa-bf00-7001-948d-1d8811921b6a','pair',1,'{"id":"01a203fa-bf00-7001-948d-1d8811921b6a","name":"pair","description":null,"members":[{"id":"01a203fa-beff-7000-97ce-0249f914c489","name":"Ada","role":"tester","specialization":null,"provider":null,"model":null,"temperature":0.7,"instructions":null,"tools":[],"version":1},{"id":"01a203fa-bf00-7000-9815-58d8fdedb4b0","name":"Project manager","role":"project_manager","specialization":null,"provider":null,"model":null,"temperature":0.7,"instructions":null,"tools":[],"version":1}],"version":1,"createdAt":1795363094272,"updatedAt":1795363094272}');
CREATE TABLE work_item_dependencies (
    tenant TEXT NOT NULL,
    dependency TEXT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (tenant, dependency, item)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE work_items (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    member_id TEXT,
    convoy_id TEXT,
    execution_id TEXT,
    step_key TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_micro_usd INTEGER NOT NULL DEFAULT 0,
    model_calls INTEGER NOT NULL DEFAULT 0,
    estimated_calls INTEGER NOT NULL DEFAULT 0,
    unpriced_calls INTEGER NOT NULL DEFAULT 0,
    title TEXT NOT NULL,
    description TEXT,
    reason TEXT,
    context TEXT NOT NULL,
    metadata TEXT NOT NULL,
    artifacts TEXT NOT NULL,
    labels TEXT NOT NULL,
    dependencies TEXT NOT NULL
  ) STRICT;
CREATE UNIQUE INDEX executions_id ON executions (tenant, id);
CREATE UNIQUE INDEX executions_idempotency ON executions (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX executions_unfinished ON executions (status, id) WHERE status NOT IN ('completed', 'cancelled');
CREATE INDEX executions_squad ON executions (squad_id, status) WHERE squad_id IS NOT NULL;
CREATE INDEX executions_usage ON executions (tenant, created_at) WHERE model_calls > 0;
CREATE INDEX executions_ended ON executions (ended_at, status) WHERE ended_at IS NOT NULL AND status IN ('completed', 'cancelled');
CREATE UNIQUE INDEX journal_place ON journal (execution, seq);
CREATE UNIQUE INDEX signals_id ON signals (execution, id);
CREATE INDEX signals_waiting ON signals (execution, no) WHERE taken_at IS NULL;
CREATE INDEX approvals_tenant ON approvals (tenant, id);
CREATE INDEX approvals_pending ON approvals (tenant, id) WHERE status = 'pending';
CREATE INDEX approvals_execution ON approvals (execution);
CREATE UNIQUE INDEX work_items_id ON work_items (tenant, id);
CREATE INDEX work_items_order ON work_items (tenant, priority DESC, no);
CREATE INDEX work_items_open ON work_items (tenant, status, priority DESC, no) WHERE status NOT IN ('completed', 'failed', 'cancelled');
CREATE INDEX work_items_execution ON work_items (execution_id, step_key) WHERE execution_id IS NOT NULL;
CREATE UNIQUE INDEX squads_name ON squads (tenant, name);
COMMIT;