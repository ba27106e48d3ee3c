-- Who was in a cohort when the first page of an answer was asked for, where nothing else tells it: kept beside answers in worker_answer_rows, as numbers, at
-- places below -1. Under a data policy the tables show nothing, so that such a query is shown these rows here, and none that hold somebody's answer.

CREATE OR REPLACE VIEW tessera_restricted.worker_answer_rows DEFINER = tessera_owner SQL SECURITY DEFINER AS
SELECT r.tenant_id AS tenant_id, r.answer_id AS answer_id, r.place AS place, r.row AS row
FROM tessera.worker_answer_rows AS r
WHERE r.tenant_id = splitByChar(':', initialQueryID())[1] AND r.place < -1;

CREATE OR REPLACE VIEW tessera_people_restricted.worker_answer_rows AS SELECT * FROM tessera_restricted.worker_answer_rows;
