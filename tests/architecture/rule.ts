import type { Repository, Violation } from "./source-files.ts";

/** A small repository in memory: path to text. */
export type Sample = Readonly<Record<string, string>>;

/** A rule over the sources, with the proof that it is not vacuous: samples it must catch and samples it must let pass. */
export interface Rule {
  /** The guarantee, as a test's title. */
  readonly title: string;
  /** What to do about a violation. */
  readonly remedy: string;
  readonly check: (repository: Repository) => readonly Violation[];
  readonly caught: readonly Sample[];
  readonly allowed: readonly Sample[];
}
