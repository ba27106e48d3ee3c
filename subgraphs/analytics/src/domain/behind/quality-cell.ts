import { refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "../fields.ts";
import { parseEventQuality, type EventQualityInput, type EventQualityQuestion } from "../quality/event-quality.ts";
import type { Expectation, ExpectationTest } from "../quality/expectation.ts";

/** Which of the events that an expectation is about are meant, as in the SDL. */
export type TestOutcome = "TESTED" | "PASSED" | "FAILED";

/** A number of an `eventQuality` answer, as the graph delivers it. */
export interface ExpectationCellInput {
  readonly expectation: string;
  readonly outcome?: TestOutcome;
}

/** A validated question about the quality of events, and which events of one of its tests are meant. */
export interface QualityBehind {
  readonly question: EventQualityQuestion;
  readonly test: ExpectationTest;
  /** Which of the question's events it is of; null: all of them. */
  readonly of: Expectation["of"];
  readonly outcome: TestOutcome;
}

/** Reads which events a number of an `eventQuality` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseExpectationCell = (
  input: EventQualityInput,
  { expectation, outcome = "FAILED" }: ExpectationCellInput,
  access: FieldAccess,
): QualityBehind => {
  const question = parseEventQuality(input, access);
  const found = question.expect.find(({ name }) => name === expectation);
  if (found === undefined)
    throw refuse(
      "BAD_INPUT",
      `The question has no expectation of this name: take one of ${question.expect.map(({ name }) => `\`${name}\``).join(", ")}.`,
      { field: "cell.expectation" },
    );
  return { question, test: found.test, of: found.of, outcome };
};
