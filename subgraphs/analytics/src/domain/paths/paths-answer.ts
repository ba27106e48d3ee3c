import type { Provenance } from "../provenance.ts";

/** A label at a depth of the paths, as in the SDL. */
export interface PathNode {
  readonly depth: number;
  /** Null for the node that holds the labels that are not shown. */
  readonly label: string | null;
  readonly labels: number;
  readonly paths: number;
  readonly share: number | null;
  readonly droppedOff: number;
  readonly goesOn: number;
  readonly hiddenIn: number;
  readonly hiddenOut: number;
}

/** Paths that go from one node to another, as in the SDL; nodes by their index. */
export interface PathLink {
  readonly from: number;
  readonly to: number;
  readonly paths: number;
  readonly share: number;
  readonly medianSeconds: number | null;
}

/** A whole path and what came of it, as in the SDL. */
export interface TopPath {
  readonly labels: readonly string[];
  readonly paths: number;
  readonly share: number | null;
  readonly goesOn: number;
  readonly followed: number;
  readonly converted: number | null;
  readonly conversion: number | null;
  readonly meanSeconds: number | null;
}

/** An answer to `paths`, as in the SDL. */
export interface PathsAnswer {
  readonly nodes: readonly PathNode[];
  readonly links: readonly PathLink[];
  readonly topPaths: readonly TopPath[];
  readonly distinctPaths: number | null;
  readonly paths: number;
  readonly units: number;
  readonly unreached: number;
  readonly converted: number | null;
  readonly conversion: number | null;
  readonly cutUnits: number;
  readonly provenance: Provenance;
}
