import type { Provenance } from "../domain/provenance.ts";
import type { AnswerQuality, FailingExpectation } from "../domain/quality/answer-quality.ts";
import type { ExpectationVersion, KeptExpectation } from "../domain/quality/kept-expectation.ts";
import type { ValidInput } from "../domain/quality/expectation.ts";
import type { ExpectationVerdict } from "../domain/quality/verdict.ts";
import type { DeleteExpectationOutcome, SavedExpectation } from "../operations/quality/keep-expectations.ts";

/** What a resolver of `KeptExpectation` receives. */
export type KeptExpectationParent = KeptExpectation;
/** What a resolver of `ExpectationVersion` receives. */
export type ExpectationVersionParent = ExpectationVersion;
/** What a resolver of `ExpectationVerdict` receives. */
export type ExpectationVerdictParent = ExpectationVerdict;
/** What a resolver of `Provenance` receives. */
export type ProvenanceParent = Provenance;
/** What a resolver of `AnswerQuality` receives. */
export type AnswerQualityParent = AnswerQuality;
/** What a resolver of `FailingExpectation` receives. */
export type FailingExpectationParent = FailingExpectation;
/** What a resolver of `ExpectedValue` receives. */
export type ExpectedValueParent = ValidInput;
/** What a resolver of `SaveExpectationResult` receives. */
export type SaveExpectationResultParent = SavedExpectation;
/** What a resolver of `ExpectationSaved` receives. */
export type ExpectationSavedParent = Extract<SavedExpectation, { kind: "SAVED" }>;
/** What a resolver of `TooManyExpectations` receives. */
export type TooManyExpectationsParent = Extract<SavedExpectation, { kind: "TOO_MANY" }>;
/** What a resolver of `DeleteExpectationResult` receives. */
export type DeleteExpectationResultParent = DeleteExpectationOutcome;
/** What a resolver of `ExpectationDeleted` receives. */
export type ExpectationDeletedParent = Extract<DeleteExpectationOutcome, { kind: "DELETED" }>;
/** What a resolver of `ExpectationInUse` receives. */
export type ExpectationInUseParent = Extract<DeleteExpectationOutcome, { kind: "IN_USE" }>;
/** What a resolver of `ExpectationNotFound` receives. */
export type ExpectationNotFoundParent = Extract<DeleteExpectationOutcome, { kind: "NOT_FOUND" }>;
