import { HOUR_MS } from "../duration.ts";
import type { NamesRead } from "./event-names-read.ts";
import type { KeptExpectation } from "./kept-expectation.ts";
import { shareOf } from "./verdict.ts";

/** How far the events that an answer read are what is expected of them, as in the SDL. */
export type QualityVerdict = "PASSING" | "FAILING" | "UNKNOWN";

/** A kept expectation that failed its last test. */
export interface FailingExpectation {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly event: string | null;
  readonly share: number | null;
  readonly atLeast: number;
  readonly testedAtMs: number;
}

/** What the last tests of kept expectations say of the events that an answer read. */
export interface AnswerQuality {
  readonly verdict: QualityVerdict;
  /** Kept expectations of events that the answer read. */
  readonly expectations: number;
  /** The oldest of their last tests; null where none was tested lately. */
  readonly testedAtMs: number | null;
  readonly failing: readonly FailingExpectation[];
}

/** What is told where nothing is known, or may be told. */
export const NOTHING_KNOWN: AnswerQuality = { verdict: "UNKNOWN", expectations: 0, testedAtMs: null, failing: [] };

/** Milliseconds after which a test says nothing of now: it was left out twice. */
const STALE_MS = 3 * HOUR_MS;

const failingOf = ({ id, name, version, content, verdict }: KeptExpectation): readonly FailingExpectation[] =>
  verdict?.verdict === "FAILING"
    ? [
        {
          ...{ id, name, version, event: content.event, share: shareOf(verdict), atLeast: verdict.atLeast },
          testedAtMs: verdict.testedAtMs,
        },
      ]
    : [];

/** What the tests of the last hours say of the events that an answer read, whose names are among these: one that fails is told, and nothing is passing where one could not be tested. */
export const answerQuality = (kept: readonly KeptExpectation[], names: NamesRead, nowMs: number): AnswerQuality => {
  const about = kept.filter(({ content: { event } }) => event === null || names === null || names.includes(event));
  const told = about.filter(({ verdict }) => verdict !== null && nowMs - verdict.testedAtMs < STALE_MS);
  const outcomes = told.map(({ verdict }) => verdict?.verdict);
  const failing = told.flatMap(failingOf);
  const all = told.length === about.length && !outcomes.includes("ERROR") && outcomes.includes("PASSING");
  return {
    verdict: failing.length > 0 ? "FAILING" : all ? "PASSING" : "UNKNOWN",
    expectations: about.length,
    testedAtMs: told.length === 0 ? null : Math.min(...told.map(({ verdict }) => verdict?.testedAtMs ?? nowMs)),
    failing,
  };
};
