-- Jobs, the runs that have not ended, and the history. {schema} is the store's own schema.

CREATE SEQUENCE {schema}.job_ids;
CREATE SEQUENCE {schema}.fences;

-- Names are compared by their bytes, as everywhere else.
CREATE TABLE {schema}.jobs (
    id        bigint      PRIMARY KEY DEFAULT nextval('{schema}.job_ids'),
    name      text        COLLATE "C" NOT NULL UNIQUE,
    handler   text        COLLATE "C" NOT NULL,
    schedule  text        NOT NULL,
    anchor    timestamptz NOT NULL,
    payload   text,
    policy    text        NOT NULL,
    runs_max  bigint,
    queue     text        COLLATE "C" NOT NULL,
    priority  smallint    NOT NULL,
    revision  bigint      NOT NULL,
    version   bigint      NOT NULL DEFAULT 1,
    is_paused boolean     NOT NULL DEFAULT false,
    next_due  timestamptz
);

CREATE INDEX jobs_due ON {schema}.jobs (next_due, id) WHERE next_due IS NOT NULL;

-- The live runs: due or running. Whatever ends leaves for the history, so that this stays small; it
-- changes all the time, so that what is dead is to be cleared away early.
CREATE TABLE {schema}.runs (
    job         bigint      NOT NULL,
    due         timestamptz NOT NULL,
    name        text        COLLATE "C" NOT NULL,
    handler     text        COLLATE "C" NOT NULL,
    payload     text,
    policy      text        NOT NULL,
    runs_max    bigint,
    queue       text        COLLATE "C" NOT NULL,
    priority    smallint    NOT NULL,
    unique_key  text        COLLATE "C",
    state       text        NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'running')),
    at          timestamptz NOT NULL,
    attempt     bigint      NOT NULL DEFAULT 0,
    fence       bigint,
    node        text,
    started     timestamptz,
    lease_until timestamptz,
    is_cancel_wanted boolean NOT NULL DEFAULT false,
    error       text,
    PRIMARY KEY (job, due)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);

-- A lane is one queue's runs of one priority. What cannot be claimed yet stands at its end.
CREATE INDEX runs_lanes ON {schema}.runs (queue, priority, at, job, due) WHERE state = 'due';
CREATE INDEX runs_leases ON {schema}.runs (lease_until, job, due) WHERE state = 'running';
CREATE UNIQUE INDEX runs_unique ON {schema}.runs (handler, unique_key) WHERE unique_key IS NOT NULL;

CREATE TABLE {schema}.history (
    job      bigint      NOT NULL,
    due      timestamptz NOT NULL,
    name     text        COLLATE "C" NOT NULL,
    state    text        NOT NULL,
    attempt  bigint      NOT NULL,
    fence    bigint,
    node     text,
    queue    text        COLLATE "C" NOT NULL,
    priority smallint    NOT NULL,
    at       timestamptz NOT NULL,
    started  timestamptz,
    ended    timestamptz NOT NULL,
    error    text,
    output   text,
    PRIMARY KEY (job, due)
);

CREATE INDEX history_ended ON {schema}.history (ended, job, due);
CREATE INDEX history_name ON {schema}.history (name, ended, job, due);

-- The queues that have a limit.
CREATE TABLE {schema}.queues (
    name     text   COLLATE "C" PRIMARY KEY,
    runs_max bigint NOT NULL
);

-- The lanes that have any run, found by skipping along the index.
CREATE FUNCTION {schema}.lanes(p_queues text[])
RETURNS TABLE (queue text, priority smallint)
LANGUAGE sql STABLE
AS $$
    WITH RECURSIVE all_lanes AS (
        (SELECT r.queue, r.priority FROM {schema}.runs r
         WHERE state = 'due' ORDER BY r.queue, r.priority LIMIT 1)
        UNION ALL
        SELECT n.queue, n.priority FROM all_lanes l CROSS JOIN LATERAL (
            SELECT r.queue, r.priority FROM {schema}.runs r
            WHERE state = 'due' AND (r.queue, r.priority) > (l.queue, l.priority)
            ORDER BY r.queue, r.priority LIMIT 1
        ) n
    )
    SELECT l.queue, l.priority FROM all_lanes l
    WHERE cardinality(p_queues) = 0 OR l.queue = ANY (p_queues);
$$;

-- Takes up to p_limit runs: higher priorities first, then what could be claimed earlier, within the limits
-- of queues and jobs.
--
-- Each statement in here sees what was committed before it began. So a queue's or a job's running runs
-- are counted after it was locked: then nobody else takes any of it. What another claim has locked is left
-- to that claim.
CREATE FUNCTION {schema}.claim(
    p_node text, p_queues text[], p_limit bigint, p_lease interval, p_now timestamptz
)
RETURNS TABLE (
    job bigint, due timestamptz, name text, handler text, payload text, policy text, queue text,
    priority smallint, attempt bigint, fence bigint, at timestamptz, started timestamptz,
    lease_until timestamptz
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := coalesce(p_now, clock_timestamp());
    v_lane_queues text[];
    v_lane_priorities smallint[];
    v_limited text[];
    v_locked text[];
    v_jobs bigint[] := '{}';
    v_dues timestamptz[] := '{}';
    -- The limited queues that the runs in v_jobs are from.
    v_from text[] := '{}';
    v_priority smallint;
    v_queues text[];
    v_level_jobs bigint[];
    v_level_dues timestamptz[];
    v_is_limited boolean;
    v_job_locks bigint[];
    v_run record;
    v_taken bigint;
BEGIN
    SELECT array_agg(l.queue), array_agg(l.priority) INTO v_lane_queues, v_lane_priorities
        FROM {schema}.lanes(p_queues) l;
    IF v_lane_queues IS NULL OR p_limit <= 0 THEN
        RETURN;
    END IF;
    SELECT coalesce(array_agg(q.name), '{}') INTO v_limited
        FROM {schema}.queues q WHERE q.name = ANY (v_lane_queues);
    IF cardinality(v_limited) > 0 THEN
        SELECT coalesce(array_agg(l.name), '{}') INTO v_locked FROM (
            SELECT q.name FROM {schema}.queues q WHERE q.name = ANY (v_limited)
            ORDER BY q.name FOR UPDATE SKIP LOCKED
        ) l;
    END IF;

    FOR v_priority, v_queues IN
        SELECT l.priority, array_agg(l.queue)
        FROM unnest(v_lane_queues, v_lane_priorities) AS l (queue, priority)
        WHERE NOT l.queue = ANY (v_limited) OR (l.queue = ANY (v_locked) AND (
            SELECT q.runs_max > (SELECT count(*) FROM {schema}.runs r
                WHERE r.state = 'running' AND r.queue = l.queue)
            FROM {schema}.queues q WHERE q.name = l.queue))
        GROUP BY l.priority ORDER BY l.priority DESC
    LOOP
        SELECT array_agg(p.job ORDER BY p.at, p.job, p.due),
               array_agg(p.due ORDER BY p.at, p.job, p.due),
               bool_or(p.runs_max IS NOT NULL OR p.queue = ANY (v_limited))
        INTO v_level_jobs, v_level_dues, v_is_limited
        FROM unnest(v_queues) AS lane (queue) CROSS JOIN LATERAL (
            SELECT r.job, r.due, r.at, r.runs_max, r.queue FROM {schema}.runs r
            WHERE r.state = 'due' AND r.queue = lane.queue AND r.priority = v_priority
                AND r.at <= v_now AND (r.runs_max IS NULL OR r.runs_max > (
                    SELECT count(*) FROM {schema}.runs o
                    WHERE o.job = r.job AND o.state = 'running'))
            ORDER BY r.at, r.job, r.due LIMIT p_limit FOR UPDATE SKIP LOCKED
        ) p;
        CONTINUE WHEN v_level_jobs IS NULL;
        IF v_is_limited THEN
            SELECT coalesce(array_agg(l.id), '{}') INTO v_job_locks FROM (
                SELECT j.id FROM {schema}.jobs j WHERE j.id = ANY (v_level_jobs)
                ORDER BY j.id FOR NO KEY UPDATE SKIP LOCKED
            ) l;
            FOR v_run IN
                SELECT r.job, r.due, r.queue, r.runs_max
                FROM unnest(v_level_jobs, v_level_dues) WITH ORDINALITY AS l (job, due, place)
                JOIN {schema}.runs r ON r.job = l.job AND r.due = l.due ORDER BY l.place
            LOOP
                EXIT WHEN cardinality(v_jobs) >= p_limit;
                IF v_run.runs_max IS NOT NULL THEN
                    CONTINUE WHEN NOT v_run.job = ANY (v_job_locks);
                    SELECT count(*) INTO v_taken FROM {schema}.runs r
                        WHERE r.job = v_run.job AND r.state = 'running';
                    v_taken := v_taken + (SELECT count(*) FROM unnest(v_jobs) t WHERE t = v_run.job);
                    CONTINUE WHEN v_taken >= v_run.runs_max;
                END IF;
                IF v_run.queue = ANY (v_limited) THEN
                    SELECT count(*) INTO v_taken FROM {schema}.runs r
                        WHERE r.queue = v_run.queue AND r.state = 'running';
                    v_taken := v_taken
                        + (SELECT count(*) FROM unnest(v_from) t WHERE t = v_run.queue);
                    CONTINUE WHEN v_taken >= (
                        SELECT q.runs_max FROM {schema}.queues q WHERE q.name = v_run.queue);
                END IF;
                v_from := v_from || v_run.queue;
                v_jobs := v_jobs || v_run.job;
                v_dues := v_dues || v_run.due;
            END LOOP;
        ELSE
            v_taken := p_limit - cardinality(v_jobs);
            v_jobs := v_jobs || v_level_jobs[1:v_taken];
            v_dues := v_dues || v_level_dues[1:v_taken];
        END IF;
        EXIT WHEN cardinality(v_jobs) >= p_limit;
    END LOOP;

    RETURN QUERY
        UPDATE {schema}.runs r SET state = 'running', attempt = r.attempt + 1,
            fence = nextval('{schema}.fences'), node = p_node, started = v_now,
            lease_until = v_now + p_lease
        FROM unnest(v_jobs, v_dues) AS t (job, due)
        WHERE r.job = t.job AND r.due = t.due AND r.state = 'due'
        RETURNING r.job, r.due, r.name, r.handler, r.payload, r.policy, r.queue, r.priority,
            r.attempt, r.fence, r.at, r.started, r.lease_until;
END;
$$;

-- Moves jobs on from the versions that are given, and makes their runs and records. Tells the places of the
-- jobs that were moved, and of each new run or record the job.
--
-- Each statement in here sees what was committed before it began. So whether an instant has ended already
-- is asked once its run is made, which waits for whoever is recording the end of that very instant.
CREATE FUNCTION {schema}.advance(
    p_jobs bigint[], p_versions bigint[], p_next_dues timestamptz[], p_pauses boolean[], p_places bigint[],
    p_of_jobs bigint[], p_of_versions bigint[], p_dues timestamptz[], p_states text[], p_notes text[],
    p_now timestamptz
)
RETURNS TABLE (job bigint, place bigint)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := coalesce(p_now, clock_timestamp());
    v_moved bigint[];
    v_places bigint[];
    v_jobs bigint[];
    v_dues timestamptz[];
    v_recorded bigint[];
BEGIN
    -- A job that another node is moving right now is left to it, as it would be a moment later.
    --
    -- Nothing of a batch is joined with something of it: with the ways of joining that the store leaves
    -- to the planner, that would take a time that grows with the square of the batch. `IS TRUE` keeps a
    -- look-up a look-up.
    WITH input AS (
        SELECT * FROM unnest(p_jobs, p_versions, p_next_dues, p_pauses, p_places)
            AS i (job, version, next_due, is_paused, place)
    ),
    locked AS (
        SELECT i.* FROM {schema}.jobs j JOIN input i ON j.id = i.job
        WHERE j.version = i.version ORDER BY j.id FOR UPDATE OF j SKIP LOCKED
    ),
    moved AS (
        UPDATE {schema}.jobs j SET next_due = l.next_due, is_paused = l.is_paused,
            version = j.version + 1
        FROM locked l WHERE j.id = l.job RETURNING j.id, l.place
    ),
    plans AS (
        SELECT p.due, p.state, p.note, j.*
        FROM unnest(p_of_jobs, p_of_versions, p_dues, p_states, p_notes)
            AS p (job, version, due, state, note)
        JOIN {schema}.jobs j ON j.id = p.job
        WHERE j.version = p.version AND (p.job IN (SELECT id FROM moved)) IS TRUE
    ),
    added AS (
        INSERT INTO {schema}.runs (job, due, name, handler, payload, policy, runs_max, queue,
            priority, at)
        SELECT p.id, p.due, p.name, p.handler, p.payload, p.policy, p.runs_max, p.queue, p.priority,
            least(p.due, v_now)
        FROM plans p WHERE p.state = 'due'
        ON CONFLICT DO NOTHING RETURNING job, due
    ),
    recorded AS (
        INSERT INTO {schema}.history (job, due, name, state, attempt, queue, priority, at, ended,
            error)
        SELECT p.id, p.due, p.name, p.state, 0, p.queue, p.priority, least(p.due, v_now), v_now,
            p.note
        FROM plans p WHERE p.state <> 'due' AND NOT EXISTS
            (SELECT 1 FROM {schema}.runs r WHERE r.job = p.id AND r.due = p.due)
        ON CONFLICT DO NOTHING RETURNING job
    )
    SELECT m.jobs, m.places, a.jobs, a.dues, r.jobs INTO v_moved, v_places, v_jobs, v_dues, v_recorded
    FROM (SELECT array_agg(id) AS jobs, array_agg(place) AS places FROM moved) m,
        (SELECT array_agg(job) AS jobs, array_agg(due) AS dues FROM added) a,
        (SELECT array_agg(job) AS jobs FROM recorded) r;

    RETURN QUERY
        WITH ended AS (
            DELETE FROM {schema}.runs r USING unnest(v_jobs, v_dues) AS n (job, due)
            WHERE r.job = n.job AND r.due = n.due AND EXISTS
                (SELECT 1 FROM {schema}.history h WHERE h.job = n.job AND h.due = n.due)
            RETURNING r.job, r.due
        )
        SELECT * FROM unnest(v_moved, v_places)
        UNION ALL SELECT n.job, NULL FROM unnest(v_jobs, v_dues) AS n (job, due)
            WHERE ((n.job, n.due) IN (SELECT job, due FROM ended)) IS NOT TRUE
        UNION ALL SELECT *, NULL FROM unnest(v_recorded);
END;
$$;
