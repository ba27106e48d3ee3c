/** What ingest may notice of an event it accepts, and what that means to a reader of the event. */
const MEANINGS: Readonly<Record<string, string>> = {
  ID_GENERATED: "The sender gave no id; ingest made one, so a repeated send would be stored as another event.",
  TIME_DEFAULTED: "The sender gave no time; the time of receipt stands in for it.",
  LATE: "The event happened well before it was received; answers read in between did not count it.",
  FUTURE: "The event's time lay ahead of the time of receipt, within what is tolerated.",
};

/** One thing ingest noticed of an event. */
export interface QualityFlag {
  readonly code: string;
  readonly meaning: string;
}

/** A stored flag with its meaning; a flag of a newer version is passed on as it is. */
export const qualityFlagOf = (code: string): QualityFlag => ({
  code,
  meaning: MEANINGS[code] ?? "A flag this version has no description of.",
});
