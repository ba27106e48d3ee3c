-- Dimensions are definitions of the semantic layer, with versions as metrics have them.

ALTER TABLE semantic_definition DROP CONSTRAINT semantic_definition_kind_check;
ALTER TABLE semantic_definition ADD CONSTRAINT semantic_definition_kind_check
  CHECK (kind IN ('METRIC', 'SEGMENT', 'SAVED_QUERY', 'HIERARCHY', 'DIMENSION'));
