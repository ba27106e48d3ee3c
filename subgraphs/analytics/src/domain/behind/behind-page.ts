import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_PAGE } from "../event-page.ts";
import { parseCount } from "../query.ts";

/** Items of a page when nothing is said, as in the SDL. */
const DEFAULT_PAGE = 50;

/** Which page of what is behind a number is asked for, as the graph delivers it. */
export interface BehindPageInput {
  readonly first?: number;
  readonly after?: string | null | undefined;
}

/** A page of people: those after a person, in order of the numbers the store keeps them by. */
export interface PeoplePage {
  readonly first: number;
  readonly after: string;
}

/** Place of an event in the list of those behind a number, newest first; `key` is its id, the number of its unit, or that and its place among the unit's events of the moment. */
export interface BehindPlace {
  readonly timeMs: number;
  readonly key: string;
}

/** A page of events: those older than a place. */
export interface BehindEventsPage {
  readonly first: number;
  readonly after: BehindPlace | null;
}

/** Journeys of a page at most: each is told with all its touchpoints. */
const MAX_JOURNEYS = 100;

/** What the places of a list hold beside the time. */
type Keys = "EVENT" | "UNIT" | "STEP";
/** An event by its id, a unit by its number, a step by that and by how many of its moment come before. */
const PLACES: Readonly<Record<Keys, RegExp>> = {
  EVENT: /^(\d{1,15})\.([0-9a-f-]{36})$/,
  UNIT: /^(\d{1,15})\.(\d{1,20})$/,
  STEP: /^(\d{1,15})\.(\d{1,20}\.\d{1,6})$/,
};
const PERSON_PLACE = /^\d{1,20}$/;

const notGiven = (): Error => refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });

/** Validates which people are asked for; refuses with BAD_INPUT. */
export const parsePeoplePage = ({ first = DEFAULT_PAGE, after }: BehindPageInput): PeoplePage => {
  const place = after ?? "0";
  if (!PERSON_PLACE.test(place)) throw notGiven();
  return { first: parseCount(first, "first", MAX_PAGE), after: place };
};

/** Writes the place of an event as `<milliseconds>.<key>`. */
export const formatBehindPlace = ({ timeMs, key }: BehindPlace): string => `${timeMs}.${key}`;

const placeOf = (after: string, keys: Keys): BehindPlace => {
  const [, time, key] = PLACES[keys].exec(after) ?? [];
  if (time === undefined || key === undefined || (keys === "EVENT" && !isUuid(key))) throw notGiven();
  return { timeMs: Number(time), key };
};

/** Validates which events are asked for; `keys` says what the list's places hold beside the time. Refuses with BAD_INPUT. */
export const parseEventsPage = (
  { first = DEFAULT_PAGE, after = null }: BehindPageInput,
  keys: Keys,
): BehindEventsPage => {
  const count = parseCount(first, "first", MAX_PAGE);
  return { first: count, after: after === null ? null : placeOf(after, keys) };
};

/** Validates which journeys are asked for, by the events they are known by; refuses with BAD_INPUT. */
export const parseJourneysPage = ({ first = DEFAULT_PAGE, after = null }: BehindPageInput): BehindEventsPage => {
  const count = parseCount(first, "first", MAX_JOURNEYS);
  return { first: count, after: after === null ? null : placeOf(after, "EVENT") };
};
