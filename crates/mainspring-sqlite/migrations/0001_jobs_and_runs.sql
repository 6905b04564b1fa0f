-- Jobs, the runs that have not ended, and the history.
-- Instants are microseconds since 1970, UTC; what is absent is null.

CREATE TABLE mainspring_jobs (
    id        INTEGER PRIMARY KEY,
    name      TEXT    NOT NULL UNIQUE,
    handler   TEXT    NOT NULL,
    schedule  TEXT    NOT NULL,
    anchor    INTEGER NOT NULL,
    payload   TEXT,
    policy    TEXT    NOT NULL,
    runs_max  INTEGER,
    queue     TEXT    NOT NULL,
    priority  INTEGER NOT NULL,
    revision  INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    is_paused INTEGER NOT NULL,
    next_due  INTEGER
) STRICT;

CREATE INDEX mainspring_jobs_due ON mainspring_jobs (next_due, id) WHERE next_due IS NOT NULL;

-- The live runs: due or running. Whatever ends leaves for the history, so that this stays small.
CREATE TABLE mainspring_runs (
    job         INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    handler     TEXT    NOT NULL,
    payload     TEXT,
    policy      TEXT    NOT NULL,
    runs_max    INTEGER,
    queue       TEXT    NOT NULL,
    priority    INTEGER NOT NULL,
    unique_key  TEXT,
    state       TEXT    NOT NULL CHECK (state IN ('due', 'running')),
    at          INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER,
    node        TEXT,
    started     INTEGER,
    lease_until INTEGER,
    is_cancel_wanted INTEGER NOT NULL DEFAULT 0,
    error       TEXT,
    PRIMARY KEY (job, due)
) STRICT, WITHOUT ROWID;

-- A lane is one queue's runs of one priority. What cannot be claimed yet stands at its end. Whether a run may
-- be claimed is told by the index alone.
CREATE INDEX mainspring_runs_lanes ON mainspring_runs (queue, priority, at, job, due, runs_max)
    WHERE state = 'due';
CREATE INDEX mainspring_runs_leases ON mainspring_runs (lease_until, queue) WHERE state = 'running';
CREATE UNIQUE INDEX mainspring_runs_unique ON mainspring_runs (handler, unique_key)
    WHERE unique_key IS NOT NULL;

-- In the order in which they ended: new ones are written at the end.
CREATE TABLE mainspring_history (
    job      INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    attempt  INTEGER NOT NULL,
    fence    INTEGER,
    node     TEXT,
    queue    TEXT    NOT NULL,
    priority INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    started  INTEGER,
    ended    INTEGER NOT NULL,
    error    TEXT,
    output   TEXT,
    PRIMARY KEY (ended, job, due)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX mainspring_history_run ON mainspring_history (job, due);
CREATE INDEX mainspring_history_name ON mainspring_history (name, ended, job, due);

CREATE TABLE mainspring_queues (
    name     TEXT    PRIMARY KEY NOT NULL,
    runs_max INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last number given to a job (or to work without one), and to a claim; what no number of a claim was
-- above, whatever a power cut has undone.
INSERT INTO mainspring_meta (name, value) VALUES ('last_job', 0), ('last_fence', 0), ('fence_mark', 0);
