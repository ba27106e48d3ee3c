-- Cohorts that the filters of metrics and segments name, by the version now: such a cohort can't be deleted. Rows go when a definition is archived, or
-- its next version names others.
CREATE TABLE semantic_cohort_reference (
  tenant_id uuid NOT NULL,
  definition_id uuid NOT NULL REFERENCES semantic_definition (id),
  cohort_id uuid NOT NULL REFERENCES cohort (id),
  PRIMARY KEY (definition_id, cohort_id)
);
CREATE INDEX semantic_cohort_reference_to ON semantic_cohort_reference (cohort_id);

ALTER TABLE semantic_cohort_reference ENABLE ROW LEVEL SECURITY;
CREATE POLICY semantic_cohort_reference_of_tenant ON semantic_cohort_reference
  USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
REVOKE ALL ON semantic_cohort_reference FROM tessera_app;
GRANT SELECT, INSERT, DELETE ON semantic_cohort_reference TO tessera_app;
