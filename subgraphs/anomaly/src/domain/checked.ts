import type { z } from "zod";
import { inWords } from "./issue-words.ts";

/** One thing wrong with what an author says: where in the input, and a sentence. */
export interface RuleProblem {
  readonly field: string;
  readonly message: string;
}

/** A value that makes sense, or everything that is wrong with it. */
export type Checked<T> =
  { readonly valid: true; readonly value: T } | { readonly valid: false; readonly problems: readonly RuleProblem[] };

/** Every problem a schema found, with its place in the input. */
export const problemsOf = ({ issues }: z.ZodError): readonly RuleProblem[] =>
  issues.flatMap((issue) => inWords(issue).map(({ path, message }) => ({ field: path.join("."), message })));

/** What a schema says of an input: its value, or every problem with its place. */
export const checked = <T>(result: z.ZodSafeParseResult<T>): Checked<T> =>
  result.success ? { valid: true, value: result.data } : { valid: false, problems: problemsOf(result.error) };

/** What was checked when it was stored; `what` names it in the error where it makes no sense any more: a broken row. */
export const storedValue = <T>(result: Checked<T>, what: string): T => {
  if (result.valid) return result.value;
  throw new Error(`A stored ${what} is none: ${result.problems.map(({ field }) => field).join(", ")}.`);
};
