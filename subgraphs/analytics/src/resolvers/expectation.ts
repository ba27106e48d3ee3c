import { formatDuration } from "../domain/duration.ts";
import { kindOf } from "../domain/quality/kept-expectation.ts";
import { shareOf } from "../domain/quality/verdict.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  AnswerQualityResolvers,
  FailingExpectationResolvers,
  ProvenanceResolvers,
  DeleteExpectationResultResolvers,
  ExpectationVerdictResolvers,
  ExpectationVersionResolvers,
  KeptExpectationResolvers,
  SaveExpectationResultResolvers,
} from "../generated/resolvers.ts";
import type { ExpectationVersionParent } from "../parents/quality.ts";

/** Resolvers of `KeptExpectation`. */
export const KeptExpectation: KeptExpectationResolvers = {
  definition: (expectation): ExpectationVersionParent => expectation,
  versions: (expectation, _args, { caller, operations }) => operations.expectationVersions(caller, expectation),
  verdicts: (expectation, { first }, { caller, operations }) =>
    operations.expectationVerdicts(caller, expectation, first),
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
};

/** Resolvers of `ExpectationVersion`. */
export const ExpectationVersion: ExpectationVersionResolvers = {
  event: ({ content }) => content.event,
  where: ({ content }) => content.where,
  kind: ({ content }) => kindOf(content),
  present: ({ content }) => content.expect.present ?? null,
  valid: ({ content }) => content.expect.valid ?? null,
  holds: ({ content }) => content.expect.holds ?? null,
  unique: ({ content }) => content.expect.unique ?? null,
  timely: ({ content }) => content.expect.timely ?? null,
  atLeast: ({ content }) => content.expect.atLeast,
  span: ({ content }) => formatDuration(content.spanMs),
  definedAt: ({ definedAtMs }) => isoTime(definedAtMs),
};

/** Resolvers of `ExpectationVerdict`. */
export const ExpectationVerdict: ExpectationVerdictResolvers = {
  testedAt: ({ testedAtMs }) => isoTime(testedAtMs),
  range: ({ range: { fromMs, toMs } }) => ({ from: isoTime(fromMs), to: isoTime(toMs) }),
  share: (verdict) => shareOf(verdict),
  code: ({ error }) => error?.code ?? null,
  detail: ({ error }) => error?.detail ?? null,
};

/** Resolvers of `Provenance`. */
export const Provenance: ProvenanceResolvers = {
  quality: ({ eventNames = null }, _args, { caller, operations }) => operations.tellQuality(caller, eventNames),
};

/** Resolvers of `AnswerQuality`. */
export const AnswerQuality: AnswerQualityResolvers = {
  testedAt: ({ testedAtMs }) => (testedAtMs === null ? null : isoTime(testedAtMs)),
};

/** Resolvers of `FailingExpectation`. */
export const FailingExpectation: FailingExpectationResolvers = {
  testedAt: ({ testedAtMs }) => isoTime(testedAtMs),
};

/** Resolvers of `SaveExpectationResult`. */
export const SaveExpectationResult: SaveExpectationResultResolvers = {
  __resolveType: ({ kind }) => (kind === "SAVED" ? "ExpectationSaved" : "TooManyExpectations"),
};

const DELETED = {
  ...({ DELETED: "ExpectationDeleted", IN_USE: "ExpectationInUse" } as const),
  NOT_FOUND: "ExpectationNotFound",
} as const;
/** Resolvers of `DeleteExpectationResult`. */
export const DeleteExpectationResult: DeleteExpectationResultResolvers = {
  __resolveType: ({ kind }) => DELETED[kind],
};
