-- Who may write events: one process per installation. The advisory lock decides; this row tells the next holder whether the last one
-- worked from the same journal and when it was last seen, hence how long its last insert may still be under way.

CREATE TABLE ingest_writer (
  name text PRIMARY KEY,
  -- The journal directory of the holder: a process with the same one takes up its unfinished batches.
  journal_id uuid NOT NULL,
  -- Grows with each new holder.
  epoch bigint NOT NULL DEFAULT 1,
  -- True when the holder left with nothing under way.
  released boolean NOT NULL DEFAULT false,
  seen_at timestamptz NOT NULL DEFAULT now()
);

REVOKE ALL ON ingest_writer FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON ingest_writer TO tessera_app;
