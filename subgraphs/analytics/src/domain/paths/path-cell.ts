import type { BehindUnit } from "../funnel/funnel-cell.ts";
import type { ListPage } from "../funnel/unit-list.ts";

/** Which of the paths of a cell are meant, as in the SDL. */
export type PathOutcome = "ALL" | "DROPPED_OFF" | "GOES_ON" | "CONVERTED" | "NOT_CONVERTED" | "UNREACHED";

/** A node of the answer: its depth, and its label, null for the one of all others. */
export interface PathPoint {
  readonly depth: number;
  readonly label: string | null;
}

/** Which paths a number counts, and by which of its steps each is listed. */
export type PathPlace =
  | { readonly kind: "ANYWHERE" }
  | ({ readonly kind: "NODE" } & PathPoint)
  /** From a node to the one at the next depth; the later of the two in time is listed. */
  | {
      readonly kind: "LINK";
      readonly near: PathPoint;
      readonly far: string | null;
      readonly lists: "NEAR" | "FAR";
    }
  /** Labels from the anchor on; all of them, or those a path begins with. */
  | { readonly kind: "PATH"; readonly labels: readonly string[]; readonly isWhole: boolean };

/** Which paths of an answer are meant. */
export interface PathCell {
  readonly outcome: PathOutcome;
  readonly place: PathPlace;
}

/** Which paths are meant, and which of them, or of their units, are listed. */
export interface PathBehind extends ListPage {
  readonly cell: PathCell;
}

/** A unit of such paths: how many are its, with the first and the last of the steps they are listed by. */
export interface UnitOfPaths {
  readonly unit: string;
  readonly paths: number;
  readonly first: BehindUnit;
  readonly last: BehindUnit;
}

/** How many paths a number counts, of how many units, and those listed: by step, or by unit. */
export interface PathsBehind {
  readonly paths: number;
  readonly units: number;
  readonly steps: readonly BehindUnit[];
  readonly ofUnits: readonly UnitOfPaths[];
}
