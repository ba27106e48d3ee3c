import type { Evidence, StoredFacts } from "./evidence.ts";

/** What a table that holds events is for. */
export type HoldingKind = "FACT" | "INDEX" | "COPY" | "ROLLUP";

/** One column of a key with its value. */
export interface KeyPart {
  readonly column: string;
  readonly value: string;
}

/** One table or rollup cell that should hold an event, with what was found on looking. */
export interface Holding {
  readonly table: string;
  readonly kind: HoldingKind;
  readonly key: readonly KeyPart[];
  readonly expected: boolean;
  readonly present: boolean;
  readonly events: number;
}

interface Place {
  readonly table: string;
  readonly kind: HoldingKind;
  /** Columns of the key, in the order in which the store's answer writes them. */
  readonly key: (keys: StoredFacts["keys"]) => Readonly<Record<string, string>>;
}

/** The copies and rollups that the event store keeps of the event table; every event belongs into each. */
const PLACES: readonly Place[] = [
  {
    table: "events_by_person",
    kind: "COPY",
    key: ({ person, time, sequence, name }) => ({ person, time, sequence, name }),
  },
  {
    table: "rollup_hour_name",
    kind: "ROLLUP",
    key: ({ hour, name, currency }) => ({ hour, name, currency }),
  },
  {
    table: "rollup_day_dimensions",
    kind: "ROLLUP",
    key: ({ day, name, country, device, source, currency }) => ({ day, name, country, device, source, currency }),
  },
];

const keyParts = (key: Readonly<Record<string, string>>): readonly KeyPart[] =>
  Object.entries(key).map(([column, value]) => ({ column, value }));

const holding = (
  table: string,
  kind: HoldingKind,
  key: Readonly<Record<string, string>>,
  found: { readonly expected: boolean; readonly events: number },
): Holding => ({ table, kind, key: keyParts(key), present: found.events > 0, ...found });

/** Where an event should lie and whether it does. Without the event itself its places in copies and rollups can't be told. */
export const holdingsOf = ({ entry, facts, batch, eventsIn }: Evidence): readonly Holding[] => {
  const id = { event_id: entry.eventId };
  const itself = [
    holding("events", "FACT", id, { expected: true, events: facts?.copies ?? 0 }),
    holding("event_ids", "INDEX", id, { expected: true, events: entry.copies }),
  ];
  if (facts === null) return itself;
  const batchKey = { received_at: entry.keys.receivedAt, batch_id: entry.batchId };
  const derived = PLACES.map((place) => {
    const key = place.key(facts.keys);
    return holding(place.table, place.kind, key, { expected: true, events: eventsIn(place.table, Object.values(key)) });
  });
  return [...itself, holding("batches", "ROLLUP", batchKey, { expected: true, events: batch?.rows ?? 0 }), ...derived];
};
