-- What people say to dashboards: comments in threads, each at the dashboard, a widget, or a point of its answer as it was seen at some time. A removed one
-- stays as a place in its thread, without its words.

CREATE TABLE dashboard_comment (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  dashboard_id uuid NOT NULL,
  -- The comment that began the thread; its own id for that one.
  thread_id uuid NOT NULL,
  -- Null: the dashboard as a whole.
  widget_id uuid,
  -- What was seen, of the comment that began a thread: the version, the reader's choices, and the point.
  anchor json,
  body text NOT NULL CHECK (char_length(body) <= 4000),
  mentions uuid[] NOT NULL CHECK (cardinality(mentions) <= 20),
  made_by text NOT NULL,
  made_at timestamptz(3) NOT NULL,
  -- One more with every change, so that of two looks the later is known.
  revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
  edited_at timestamptz(3),
  removed_at timestamptz(3),
  resolved_by text,
  resolved_at timestamptz(3),
  idempotency_key text NOT NULL CHECK (char_length(idempotency_key) <= 200),
  fingerprint text NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, dashboard_id, made_by, idempotency_key),
  FOREIGN KEY (tenant_id, dashboard_id) REFERENCES dashboard (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX dashboard_comment_in_order ON dashboard_comment (tenant_id, dashboard_id, made_at, id);
CREATE INDEX dashboard_comment_of_thread ON dashboard_comment (tenant_id, thread_id);

ALTER TABLE dashboard_comment ENABLE ROW LEVEL SECURITY;
CREATE POLICY dashboard_comment_of_tenant ON dashboard_comment USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON dashboard_comment FROM tessera_app;
GRANT SELECT, INSERT ON dashboard_comment TO tessera_app;
GRANT UPDATE (anchor, body, mentions, revision, edited_at, removed_at, resolved_by, resolved_at) ON dashboard_comment TO tessera_app;
