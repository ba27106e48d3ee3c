import { Type, type Static } from "typebox";
import type { ProvenancePartsFragment } from "../generated/graphql.ts";
import { from } from "../http/graphql-annotation.ts";
import { moment, orNull, wholeNumber } from "./schemas.ts";

/** Where an answer comes from, in REST's words. */
export const provenanceSchema = Type.Object(
  {
    as_of: moment(from("Provenance.asOf")),
    freshness: Type.String(from("Provenance.freshness")),
    cache: Type.Enum(["none", "miss", "hit", "shared"], from("Provenance.cache")),
    exactness: Type.Enum(["exact", "approximate"], from("Provenance.exactness")),
    relative_error: orNull(Type.Number(), from("Provenance.relativeError")),
    approximations: Type.Array(
      Type.Object(
        {
          column: Type.String(from("Approximation.column")),
          method: Type.String(from("Approximation.method")),
          relative_error: Type.Number(from("Approximation.relativeError")),
        },
        from("Approximation"),
      ),
      from("Provenance.approximations"),
    ),
    tables: Type.Array(
      Type.Object(
        {
          table: Type.String(from("TableRead.table")),
          from: moment(from("TableRead.from")),
          to: moment(from("TableRead.to")),
        },
        from("TableRead"),
      ),
      from("Provenance.tables"),
    ),
    rejected_tables: Type.Array(
      Type.Object(
        {
          table: Type.String(from("RejectedTable.table")),
          reason: Type.String(from("RejectedTable.reason")),
        },
        from("RejectedTable"),
      ),
      from("Provenance.rejectedTables"),
    ),
    projections: orNull(
      Type.Array(
        Type.Object(
          {
            table: Type.String(from("TakenProjection.table")),
            name: Type.String(from("TakenProjection.name")),
          },
          from("TakenProjection"),
        ),
      ),
      from("Provenance.projections"),
    ),
    rows_read: wholeNumber(from("Provenance.rowsRead")),
    bytes_read: wholeNumber(from("Provenance.bytesRead")),
    elapsed_ms: Type.Number(from("Provenance.elapsedMs")),
    time_zone: Type.String(from("Provenance.timeZone")),
    people_version: orNull(Type.Integer(), from("Provenance.peopleVersion")),
    sampling: orNull(
      Type.Object(
        {
          reason: Type.Enum(["over_budget", "asked"], from("Sampling.reason")),
          fraction: Type.Number(from("Sampling.fraction")),
          sampled_persons: wholeNumber(from("Sampling.sampledPersons")),
          confidence: Type.Number(from("Sampling.confidence")),
          exact_rows: orNull(wholeNumber(), from("Sampling.exactRows")),
          rows_left: orNull(wholeNumber(), from("Sampling.rowsLeft")),
          quota: orNull(Type.String(), from("Sampling.quota")),
        },
        from("Sampling"),
      ),
      from("Provenance.sampling"),
    ),
    rows_filtered_by: Type.Array(Type.String(), from("Provenance.rowsFilteredBy")),
    masked_columns: Type.Array(Type.String(), from("Provenance.maskedColumns")),
    definitions: Type.Array(
      Type.Object(
        {
          kind: Type.Enum(
            ["metric", "segment", "dimension", "hierarchy", "saved_query", "correlation_rule", "expectation"],
            from("UsedDefinition.kind"),
          ),
          name: Type.String(from("UsedDefinition.name")),
          version: Type.Integer(from("UsedDefinition.version")),
        },
        from("UsedDefinition"),
      ),
      from("Provenance.definitions"),
    ),
    cohorts: Type.Array(
      Type.Object(
        {
          id: Type.String(from("CohortUse.id")),
          name: Type.String(from("CohortUse.name")),
          version: Type.Integer(from("CohortUse.version")),
          as_of: moment(from("CohortUse.asOf")),
          basis: Type.Enum(["recorded", "computed"], from("CohortUse.basis")),
          named: Type.Boolean(from("CohortUse.named")),
        },
        from("CohortUse"),
      ),
      from("Provenance.cohorts"),
    ),
    quality: Type.Object(
      {
        verdict: Type.Enum(["passing", "failing", "unknown"], from("AnswerQuality.verdict")),
        expectations: Type.Integer(from("AnswerQuality.expectations")),
        tested_at: orNull(moment(), from("AnswerQuality.testedAt")),
        failing: Type.Array(
          Type.Object(
            {
              id: Type.String(from("FailingExpectation.id")),
              name: Type.String(from("FailingExpectation.name")),
              version: Type.Integer(from("FailingExpectation.version")),
              event: orNull(Type.String(), from("FailingExpectation.event")),
              share: orNull(Type.Number(), from("FailingExpectation.share")),
              at_least: Type.Number(from("FailingExpectation.atLeast")),
              tested_at: moment(from("FailingExpectation.testedAt")),
            },
            from("FailingExpectation"),
          ),
          from("AnswerQuality.failing"),
        ),
      },
      from("Provenance.quality"),
    ),
  },
  { ...from("Provenance"), title: "Provenance" },
);

const CACHE_USES = { NONE: "none", MISS: "miss", HIT: "hit", SHARED: "shared" } as const;
const REASONS = { OVER_BUDGET: "over_budget", ASKED: "asked" } as const;
const KINDS = {
  ...({ METRIC: "metric", SEGMENT: "segment", DIMENSION: "dimension", HIERARCHY: "hierarchy" } as const),
  ...({ SAVED_QUERY: "saved_query", CORRELATION_RULE: "correlation_rule", EXPECTATION: "expectation" } as const),
};
const BASES = { RECORDED: "recorded", COMPUTED: "computed" } as const;
const VERDICTS = { PASSING: "passing", FAILING: "failing", UNKNOWN: "unknown" } as const;
const EXACTNESS = { EXACT: "exact", APPROXIMATE: "approximate" } as const;

const toSampling = (
  sampling: NonNullable<ProvenancePartsFragment["sampling"]>,
): NonNullable<Static<typeof provenanceSchema>["sampling"]> => ({
  reason: REASONS[sampling.reason],
  fraction: sampling.fraction,
  sampled_persons: sampling.sampledPersons,
  confidence: sampling.confidence,
  exact_rows: sampling.exactRows,
  rows_left: sampling.rowsLeft,
  quota: sampling.quota,
});

const toQuality = (quality: ProvenancePartsFragment["quality"]): Static<typeof provenanceSchema>["quality"] => ({
  verdict: VERDICTS[quality.verdict],
  expectations: quality.expectations,
  tested_at: quality.testedAt,
  failing: quality.failing.map(({ atLeast, testedAt, ...expectation }) => ({
    ...{ ...expectation, at_least: atLeast },
    tested_at: testedAt,
  })),
});

/** The graph's provenance in REST's words. */
export const toProvenance = (provenance: ProvenancePartsFragment): Static<typeof provenanceSchema> => ({
  as_of: provenance.asOf,
  freshness: provenance.freshness,
  cache: CACHE_USES[provenance.cache],
  exactness: EXACTNESS[provenance.exactness],
  relative_error: provenance.relativeError,
  approximations: provenance.approximations.map(({ column, method, relativeError }) => ({
    column,
    method,
    relative_error: relativeError,
  })),
  tables: provenance.tables.map(({ table, from: start, to }) => ({ table, from: start, to })),
  rejected_tables: provenance.rejectedTables.map(({ table, reason }) => ({ table, reason })),
  projections: provenance.projections?.map(({ table, name }) => ({ table, name })) ?? null,
  rows_read: provenance.rowsRead,
  bytes_read: provenance.bytesRead,
  elapsed_ms: provenance.elapsedMs,
  time_zone: provenance.timeZone,
  people_version: provenance.peopleVersion,
  sampling: provenance.sampling === null ? null : toSampling(provenance.sampling),
  rows_filtered_by: [...provenance.rowsFilteredBy],
  masked_columns: [...provenance.maskedColumns],
  definitions: provenance.definitions.map(({ kind, name, version }) => ({ kind: KINDS[kind], name, version })),
  cohorts: provenance.cohorts.map(({ asOf, basis, ...cohort }) => ({
    ...{ ...cohort, as_of: asOf },
    basis: BASES[basis],
  })),
  quality: toQuality(provenance.quality),
});
