import { DAY_MS } from "../duration.ts";

/** What an identifier is of: it says which texts are the same. */
export const INDICATOR_KINDS = ["CARD", "DEVICE", "IP", "EMAIL"] as const;
/** One of {@link INDICATOR_KINDS}. */
export type IndicatorKind = (typeof INDICATOR_KINDS)[number];

/** How many others contributed an identifier, told no closer: from 3, from 10, from 30. */
export const INDICATOR_BANDS = ["FEW", "SOME", "MANY"] as const;
/** One of {@link INDICATOR_BANDS}. */
export type IndicatorBand = (typeof INDICATOR_BANDS)[number];

/** Bounds of what is shared; each stands for what one tenant can do to the others or learn of them. */
export const INDICATOR_LIMITS = {
  /** A key serves so long; what was contributed under it lives on for the periods after it, the last included. */
  ...{ periodMs: 28 * DAY_MS, livePeriods: 3 },
  /** Fields of events that a tenant says hold identifiers. */
  fields: 10,
  /** Identifiers of one report, characters of each, and identifiers behind one anomaly. */
  ...{ reported: 100, characters: 1_024, behindAnomaly: 100 },
  /** Rows a tenant contributes at a time: more would drown what others say. */
  contributions: 10_000,
  /** Different identifiers a tenant asks about in a UTC day: each guess has to be stored as an event, and is one of these. */
  lookups: 20_000,
  /** Entities of one question that are asked about. */
  entities: 10_000,
  /** Time before a report within which an identifier was seen in the tenant's own events. */
  seenWithinMs: 31 * DAY_MS,
} as const;

/** The period a moment is in, which names its key. */
export const indicatorPeriod = (atMs: number): number => Math.floor(atMs / INDICATOR_LIMITS.periodMs);

/** The first period whose contributions and key still live. */
export const oldestPeriod = (atMs: number): number => indicatorPeriod(atMs) - INDICATOR_LIMITS.livePeriods + 1;

/** The start of a moment's UTC day. */
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

/** Only what was contributed before this counts: all that is new shows at one moment of a day, one to two days later. */
export const releasedBefore = (atMs: number): number => dayOf(atMs) - DAY_MS;

/** Whether a band is at least another. */
export const reachesBand = (band: IndicatorBand, least: IndicatorBand): boolean =>
  INDICATOR_BANDS.indexOf(band) >= INDICATOR_BANDS.indexOf(least);
