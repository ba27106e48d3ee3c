/** A value that conditions compare: a number, the hash of a text, or null for what the event does not carry. */
export type Value = number | string | null;

/** An event as a rule sees it under one key. An event whose parts have several keys is seen under each. */
export interface Sighting {
  /** Hash of the key's values. */
  readonly key: string;
  /** Bit p is set when the event is one of part p under this key. */
  readonly mask: number;
  readonly id: string;
  readonly timeMs: number;
  /** Place among the events of its batch, by which events of one millisecond are told apart first; then by id. */
  readonly sequence: number;
  /** Values of the pattern's operands. */
  readonly values: readonly Value[];
}

/** An event as the store answers it for a rule: its key under each part, null where it is none of the part or has no key. */
export interface Seen extends Omit<Sighting, "key" | "mask"> {
  readonly receivedAtMs: number;
  readonly keys: readonly (string | null)[];
}

/** Orders events by (time, sequence, id): the one order in which every rule sees them. */
export const compareSightings = (
  one: Pick<Sighting, "timeMs" | "sequence" | "id">,
  other: Pick<Sighting, "timeMs" | "sequence" | "id">,
): number => {
  if (one.timeMs !== other.timeMs) return one.timeMs - other.timeMs;
  if (one.sequence !== other.sequence) return one.sequence - other.sequence;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
};

/** The sightings of an event, one for each key that one of its parts has. */
export const sightingsOf = ({ keys, id, timeMs, sequence, values }: Seen): readonly Sighting[] => {
  const sightings: Sighting[] = [];
  keys.forEach((key, part) => {
    if (key === null || keys.indexOf(key) !== part) return;
    const mask = keys.reduce((bits, other, place) => (other === key ? bits | (1 << place) : bits), 0);
    sightings.push({ key, mask, id, timeMs, sequence, values });
  });
  return sightings;
};

/** Whether an event is within a rule's allowed lateness: a property of the event alone, the same live and in a backtest. */
export const isOnTime = (
  { timeMs, receivedAtMs }: Pick<Seen, "timeMs" | "receivedAtMs">,
  latenessMs: number,
): boolean => receivedAtMs - timeMs <= latenessMs;
