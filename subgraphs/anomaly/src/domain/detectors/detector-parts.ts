import type { DetectorDefinition } from "./detector-definition.ts";

/** The part of an author's input that has the settings of each kind of detector. */
export const DETECTOR_PARTS = {
  STATIC: "static",
  CHANGE: "change",
  ROBUST_Z: "robustZ",
  EWMA: "ewma",
  AUTOMATIC: "automatic",
  SEASONAL_BAND: "seasonalBand",
  MISSING_DATA: "missingData",
  FORECAST: "forecast",
  CHANGEPOINT: "changepoint",
  ISOLATION_FOREST: "isolationForest",
  HALF_SPACE_TREES: "halfSpaceTrees",
  PEERS: "peers",
  MULTIVARIATE: "multivariate",
  ENSEMBLE: "ensemble",
  BURN_RATE: "burnRate",
} as const satisfies Record<DetectorDefinition["kind"], string>;

const partOf = (detector: unknown): string | null => {
  const kind: unknown = Reflect.get(Object(detector), "kind");
  return Object.entries(DETECTOR_PARTS).find(([known]) => known === kind)?.[1] ?? null;
};

/** Where a setting that lies at a place of a detector's definition stands in its author's input; the whole detector where the input names no one kind. */
export const placeInInput = (detector: unknown, field: string): string => {
  const part = partOf(detector);
  if (part === null) return "";
  const [, member, rest] = /^members\.(\d+)\.detector(?:\.(.*))?$/.exec(field) ?? [];
  if (member === undefined) return field === "" ? part : `${part}.${field}`;
  const within: unknown = Reflect.get(Object(Reflect.get(Object(detector), "members")), member);
  const place = placeInInput(Reflect.get(Object(within), "detector"), rest ?? "");
  return `${part}.members.${member}.detector${place === "" ? "" : `.${place}`}`;
};

/** What is said of a detector that names no kind, or several. */
export const ONE_DETECTOR = `A detector is of one kind: give one of ${Object.values(DETECTOR_PARTS).join(", ")}.`;

/** What is said of a member of an ensemble that is none, or judges no series by itself. */
export const ONE_MEMBER =
  "A member of an ensemble is one detector that judges a series by itself: no ensemble, peers, multivariate or burnRate.";
