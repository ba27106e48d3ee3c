-- A tenant whose entries a consumer of the event log can't take stands apart, as a consumer of its own ("<name> <tenant>") that goes on where the tenant was, so that the
-- others' entries are taken meanwhile and its own are kept; with its last entry taken it is one of all again.
GRANT DELETE ON event_log_consumer TO tessera_app;
