-- Who is who: each id of a tenant's people that was ever linked or merged, whom it is under, and the id its person goes by; the rules by which ids are
-- linked; and every change there was. Changes of one tenant follow each other and are numbered: the number is the version of who is who. The event store
-- keeps a copy of whom each person counts as, which is brought up to `copied_version`.
-- An id is written with its kind in front: `user:ada`, `visitor:3f2a`.

CREATE TABLE people_state (
  tenant_id uuid PRIMARY KEY,
  version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
  -- Up to which version the event store's copy is complete; what is asked counts people by it.
  copied_version bigint NOT NULL DEFAULT 0 CHECK (copied_version BETWEEN 0 AND version),
  link_from text NOT NULL DEFAULT 'IDENTIFY_EVENTS' CHECK (link_from IN ('IDENTIFY_EVENTS', 'ALL_EVENTS', 'NOTHING')),
  -- Different users of one visitor from which on it is a shared device and belongs to nobody; null: it stays the first one's.
  shared_from_users integer CHECK (shared_from_users BETWEEN 2 AND 20),
  blocked_ids text[] NOT NULL DEFAULT '{}' CHECK (cardinality(blocked_ids) <= 200),
  -- Ids that are linked to others; a tenant has a bounded number.
  links bigint NOT NULL DEFAULT 0 CHECK (links >= 0)
);
CREATE INDEX people_state_behind ON people_state (tenant_id) WHERE copied_version < version;

CREATE TABLE people_identity (
  tenant_id uuid NOT NULL,
  identity text COLLATE "C" NOT NULL CHECK (identity ~ '^(user|visitor):.' AND char_length(identity) <= 264),
  -- The number events of this id are stored with.
  person numeric(20, 0) NOT NULL,
  -- The id it was put under; null for who goes by this id.
  parent text COLLATE "C" CHECK (parent <> identity),
  -- The id at the end of parents; the id itself without a parent.
  root text COLLATE "C" NOT NULL,
  -- Taken apart by hand: only linked again by hand.
  held_apart boolean NOT NULL DEFAULT false,
  -- A visitor of too many users: a device that is nobody's.
  shared boolean NOT NULL DEFAULT false,
  -- Users a visitor was seen with, in order; no more than decide whether it is shared.
  seen_users text[] NOT NULL DEFAULT '{}' CHECK (cardinality(seen_users) <= 20),
  -- Version at which its root last changed.
  version bigint NOT NULL,
  PRIMARY KEY (tenant_id, identity),
  CHECK ((parent IS NULL) = (root = identity))
);
CREATE INDEX people_identity_root ON people_identity (tenant_id, root);
CREATE INDEX people_identity_person ON people_identity (tenant_id, person);
CREATE INDEX people_identity_version ON people_identity (tenant_id, version);

CREATE TABLE people_change (
  tenant_id uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  action text NOT NULL CHECK (action IN ('LINKED', 'MERGED', 'SEPARATED', 'SHARED')),
  -- Who was put under whom, or taken from under whom.
  identity text COLLATE "C" NOT NULL,
  other text COLLATE "C" NOT NULL,
  reason text NOT NULL CHECK (char_length(reason) <= 500),
  made_by text NOT NULL,
  made_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, version)
);
CREATE INDEX people_change_identity ON people_change (tenant_id, identity, version);
CREATE INDEX people_change_other ON people_change (tenant_id, other, version);

ALTER TABLE people_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY people_state_of_tenant ON people_state USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON people_state FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON people_state TO tessera_app;
ALTER TABLE people_identity ENABLE ROW LEVEL SECURITY;
CREATE POLICY people_identity_of_tenant ON people_identity USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON people_identity FROM tessera_app;
GRANT SELECT, INSERT, UPDATE ON people_identity TO tessera_app;
ALTER TABLE people_change ENABLE ROW LEVEL SECURITY;
CREATE POLICY people_change_of_tenant ON people_change USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON people_change FROM tessera_app;
GRANT SELECT, INSERT ON people_change TO tessera_app;

-- peopleBehindAcrossTenants(limit): tenants whose people changed since the event store's copy of who is who was made.
CREATE FUNCTION people_behind_across_tenants(max_tenants integer) RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.tenant_id FROM people_state s WHERE s.copied_version < s.version ORDER BY s.tenant_id LIMIT max_tenants
$$;
REVOKE ALL ON FUNCTION people_behind_across_tenants(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people_behind_across_tenants(integer) TO tessera_app;
