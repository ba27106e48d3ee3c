-- A build of which nobody can tell any more whether a batch is counted in it: counting failed, and the tenant's batches wait while others' go on, so that the engine forgets the
-- tokens by which it would know the batch. It is made anew before anything else is counted in it.
ALTER TABLE rollup_build ADD COLUMN doubted boolean NOT NULL DEFAULT false;
