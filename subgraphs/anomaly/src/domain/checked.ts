/** One thing wrong with what an author says: where in the input, and a sentence. */
export interface RuleProblem {
  readonly field: string;
  readonly message: string;
}

/** A value that makes sense, or everything that is wrong with it. */
export type Checked<T> =
  { readonly valid: true; readonly value: T } | { readonly valid: false; readonly problems: readonly RuleProblem[] };
