/** What somebody does with a dashboard, as in the SDL. */
export type PresenceState = "VIEWING" | "EDITING";

/** Where somebody's attention is. */
export interface Focus {
  readonly state: PresenceState;
  /** The widget they have turned to; null for none. */
  readonly widgetId: string | null;
}

/** Somebody who looks at a dashboard, in one view of it; times are milliseconds since the epoch. */
export interface Present extends Focus {
  /** The view: a person may have several. */
  readonly id: string;
  /** `KIND:id` of who looks. */
  readonly subject: string;
  /** The least number that nobody else there had when they came. */
  readonly colour: number;
  readonly joinedAtMs: number;
}

/** What presence is held to: views that are told, views that are counted, and how a view that says nothing any more ends. */
export const PRESENCE = {
  shown: 100,
  views: 1_000,
  /** Milliseconds between two signs of life: two may be lost. */
  heartbeatMs: 6_000,
  /** Milliseconds without one after which somebody is there no longer; others have looked by a sign of their own later. */
  expiresMs: 20_000,
  /** Milliseconds between two looks of a view, however often others come, go and turn. */
  lookMs: 250,
} as const;

/** The least colour that none of some views has. */
export const freeColour = (taken: readonly number[]): number => {
  const used = new Set(taken);
  let colour = 0;
  while (used.has(colour)) colour += 1;
  return colour;
};

/** Tells two lists of who is there apart. */
export const samePresent = (a: readonly Present[], b: readonly Present[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
