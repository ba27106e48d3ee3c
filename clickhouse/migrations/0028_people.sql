-- Who is who: for each person that was found to be another one, whom they count as; and what is known of people (traits), as facts. The control plane
-- holds the truth of who is who; worker_people is its copy, which workers write, and of which the row with the highest version counts.
-- A question that counts persons of a tenant some of whose people are linked reads the databases below, chosen by the store's client: they have the
-- tables' names and columns, and the person an event counts for in place of the one it was stored with. A tenant without links never reads them.

CREATE TABLE IF NOT EXISTS tessera.worker_people (
  tenant_id LowCardinality(String),
  -- As in events.
  person UInt64,
  -- Whom the person counts as: the person itself once a link was taken back.
  canonical UInt64,
  version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (tenant_id, person)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS tessera.worker_traits (
  tenant_id LowCardinality(String),
  person UInt64,
  trait LowCardinality(String),
  at DateTime64(3, 'UTC'),
  -- Orders facts of one moment, and tells a repeated one: the place of the event, or of the change.
  place String,
  op Enum8('SET' = 1, 'SET_ONCE' = 2, 'UNSET' = 3, 'INCREMENT' = 4),
  -- JSON text; empty for UNSET.
  value String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree ORDER BY (tenant_id, person, trait, at, place)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000;

CREATE OR REPLACE VIEW tessera_restricted.worker_people DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT p.tenant_id AS tenant_id, p.person AS person, p.canonical AS canonical, p.version AS version
FROM tessera.worker_people AS p FINAL WHERE p.tenant_id = splitByChar(':', initialQueryID())[1];

-- Traits are of people and of no event that a policy could judge: under a policy nobody has any.
CREATE OR REPLACE VIEW tessera_restricted.worker_traits DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT t.tenant_id AS tenant_id, t.person AS person, t.trait AS trait, t.at AS at, t.place AS place, t.op AS op, t.value AS value
FROM tessera.worker_traits AS t WHERE 0;

CREATE DATABASE IF NOT EXISTS tessera_people;
CREATE DATABASE IF NOT EXISTS tessera_people_restricted;

-- A rollup holds sketches of persons as events were stored: it is read for everything else, and a question for persons fails instead of being wrong.

-- What a query of the whole tenant reads.
CREATE OR REPLACE VIEW tessera_people.events AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.events AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people.event_ids AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.event_ids AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people.events_by_person AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.events_by_person AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people.worker_cohort_changes AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.worker_cohort_changes AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people.worker_cohort_list AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.worker_cohort_list AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people.worker_traits AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera.worker_traits AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera.worker_people FINAL WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people.worker_people AS SELECT * FROM tessera.worker_people;

CREATE OR REPLACE VIEW tessera_people.batches AS SELECT * FROM tessera.batches;

CREATE OR REPLACE VIEW tessera_people.job_results AS SELECT * FROM tessera.job_results;

CREATE OR REPLACE VIEW tessera_people.worker_answer_rows AS SELECT * FROM tessera.worker_answer_rows;

CREATE OR REPLACE VIEW tessera_people.rollup_hour_name AS SELECT * EXCEPT (persons) FROM tessera.rollup_hour_name;

CREATE OR REPLACE VIEW tessera_people.rollup_day_dimensions AS SELECT * EXCEPT (persons) FROM tessera.rollup_day_dimensions;


-- What a query under a data policy reads: the policy decides first, then persons are looked up.
CREATE OR REPLACE VIEW tessera_people_restricted.events AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera_restricted.events AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera_restricted.worker_people WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people_restricted.event_ids AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera_restricted.event_ids AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera_restricted.worker_people WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people_restricted.events_by_person AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera_restricted.events_by_person AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera_restricted.worker_people WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people_restricted.worker_cohort_list AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera_restricted.worker_cohort_list AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera_restricted.worker_people WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people_restricted.worker_traits AS
SELECT e.* EXCEPT (person), if(p.canonical = 0, e.person, p.canonical) AS person
FROM tessera_restricted.worker_traits AS e LEFT ANY JOIN (
  SELECT person, canonical FROM tessera_restricted.worker_people WHERE tenant_id = splitByChar(':', initialQueryID())[1] AND canonical != person
) AS p ON e.person = p.person;

CREATE OR REPLACE VIEW tessera_people_restricted.worker_people AS SELECT * FROM tessera_restricted.worker_people;

CREATE OR REPLACE VIEW tessera_people_restricted.batches AS SELECT * FROM tessera_restricted.batches;

CREATE OR REPLACE VIEW tessera_people_restricted.job_results AS SELECT * FROM tessera_restricted.job_results;

CREATE OR REPLACE VIEW tessera_people_restricted.rollup_hour_name AS SELECT * EXCEPT (persons) FROM tessera_restricted.rollup_hour_name;

CREATE OR REPLACE VIEW tessera_people_restricted.rollup_day_dimensions AS SELECT * EXCEPT (persons) FROM tessera_restricted.rollup_day_dimensions;
