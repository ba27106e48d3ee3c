import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyCorrelated, anyPattern } from "../../../testing/correlation-arbitraries.ts";
import { correlateByDefinition, type PlacedEvent } from "../../../testing/reference-correlation.ts";
import { seeEvents } from "../../../testing/see-events.ts";
import { compilePattern } from "./conditions.ts";
import { arrivalsOf, beginningAt, correlate, type CorrelationRun, type CorrelationState } from "./correlator.ts";
import { matchOf, type CorrelationMatch } from "./match.ts";
import { parsePattern } from "./parse-pattern.ts";
import { STATE_LIMITS, type CorrelationPatternInput, type StateLimits } from "./rule.ts";
import type { Shard } from "./shard.ts";
import { isOnTime } from "./sighting.ts";
import { decodeShard, decodeState, encodeShard } from "./state-json.ts";

const START = Date.UTC(2026, 0, 1);
const END = START + 600_000;
/** How long after its reception a batch is told of at most, in these tests. */
const SETTLE_MS = 5_000;

interface Batch {
  readonly receivedAtMs: number;
  readonly events: readonly PlacedEvent[];
}

const runOf = (input: CorrelationPatternInput, limits: StateLimits = STATE_LIMITS): CorrelationRun => ({
  ...{ ruleId: "rule", version: 1, idOf: (text: string) => text, limits, dropLate: true },
  compiled: compilePattern(parsePattern(input, "input", { personalData: true })),
});

/** A run over batches in the order they are told of, kept and read back after each of them when `restart` says so. */
const play = (
  input: CorrelationPatternInput,
  batches: readonly Batch[],
  { restart, limits }: { readonly restart: (batch: number) => boolean; readonly limits?: StateLimits },
) => {
  const run = runOf(input, limits);
  const { pattern } = run.compiled;
  let state: CorrelationState = beginningAt(START);
  let shards = new Map<number, Shard>();
  const matches: CorrelationMatch[] = [];
  const step = (events: readonly PlacedEvent[], watermarkMs: number): void => {
    const arrivals = arrivalsOf(run, state, seeEvents(input, pattern, events));
    const next = correlate(run, state, shards, arrivals, watermarkMs);
    state = next.state;
    for (const [number, { shard }] of next.shards) shards.set(number, shard);
    matches.push(...next.matches);
  };
  let arrivalMs = -Infinity;
  batches.forEach(({ events, receivedAtMs }, index) => {
    arrivalMs = Math.max(arrivalMs, receivedAtMs);
    step(events, arrivalMs - pattern.latenessMs - SETTLE_MS);
    if (!restart(index)) return;
    state = decodeState(JSON.parse(JSON.stringify(state)));
    shards = new Map([...shards].map(([n, one]) => [n, decodeShard(JSON.parse(JSON.stringify(encodeShard(one))))]));
  });
  step([], END);
  return { matches, counts: state.counts, pattern };
};

/** Batches sealed every so often, each told of up to {@link SETTLE_MS} after it was received. */
const batchesOf = (
  events: readonly (PlacedEvent & { readonly delayMs: number })[],
  everyMs: number,
  delays: readonly number[],
): readonly Batch[] => {
  const byTime = new Map<number, PlacedEvent[]>();
  for (const { delayMs, ...event } of events) {
    const receivedAtMs = Math.ceil((event.timeMs + delayMs) / everyMs) * everyMs;
    byTime.set(receivedAtMs, [...(byTime.get(receivedAtMs) ?? []), { ...event, receivedAtMs }]);
  }
  return [...byTime]
    .map(([receivedAtMs, own], index) => ({
      receivedAtMs,
      events: own,
      toldAtMs: receivedAtMs + (delays[index % delays.length] ?? 0),
    }))
    .toSorted((one, other) => one.toldAtMs - other.toldAtMs);
};

const plain = (matches: readonly CorrelationMatch[]): readonly string[] =>
  matches
    .map(({ events, completedAtMs }) => `${completedAtMs} ${events.map(({ part, id }) => `${part}=${id}`).join(" ")}`)
    .toSorted();

describe("the matcher", () => {
  test("finds what the definition finds in the sorted whole, however events within the lateness arrive, are cut and restarted", () => {
    let told = 0;
    fc.assert(
      fc.property(
        anyPattern,
        anyCorrelated(START, 24_000),
        fc.constantFrom(1_000, 3_000),
        fc.array(fc.integer({ min: 0, max: SETTLE_MS }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        (input, events, everyMs, delays, restarts) => {
          const batches = batchesOf(events, everyMs, delays);
          const { matches, counts, pattern } = play(input, batches, {
            restart: (index) => restarts[index % restarts.length] === true,
          });
          const all = batches.flatMap((batch) => batch.events);
          const inTime = all.filter((event) =>
            isOnTime({ timeMs: event.timeMs, receivedAtMs: event.receivedAtMs ?? 0 }, pattern.latenessMs),
          );
          const expected = correlateByDefinition(input, inTime, END);
          expect(plain(matches)).toEqual(
            expected.map((one) => `${one.completedAtMs} ${one.events.join(" ")}`).toSorted(),
          );
          expect([counts.overtaken, counts.shedKeys, counts.shedRuns, counts.shedEvents, counts.shedMatches]).toEqual([
            0, 0, 0, 0, 0,
          ]);
          expect(counts.late).toBe(seeEvents(input, pattern, all).length - seeEvents(input, pattern, inTime).length);
          const whole = play(input, [{ receivedAtMs: START, events: all }], { restart: () => false });
          expect(matches).toEqual(whole.matches);
          told += matches.length;
        },
      ),
      { numRuns: 600, endOnFailure: true },
    );
    expect(told).toBeGreaterThan(150);
  });

  /** Events by the letters of their names, a second apart, each sent at once; `x2` is an x with the property n of 2. */
  const told = (text: string, sessionId = "s"): readonly Batch[] => [
    {
      receivedAtMs: START + 60_000,
      events: text.split(" ").flatMap((one, index) => {
        const [name = "", n] = one;
        const timeMs = START + index * 1_000;
        const properties = n === undefined ? {} : { n: Number(n) };
        return name === "-"
          ? []
          : [{ id: `${name}${index}`, name, sessionId, timeMs, receivedAtMs: timeMs, sequence: 0, properties }];
      }),
    },
  ];
  const part = (name: string, absent = false) => ({ name, events: [name], key: ["sessionId"], absent });
  const rising = [
    { left: { part: "b", field: "properties.n" }, comparison: "GT", right: { part: "a", field: "properties.n" } },
  ] as const;
  const base = { window: "PT5S", lateness: "PT0S" } as const;
  const cases: readonly [string, CorrelationPatternInput, string, readonly string[]][] = [
    [
      "other events between are passed over",
      { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")] },
      "a x x b",
      ["a0 b3"],
    ],
    [
      "the end of the window belongs to it",
      { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")] },
      "a - - - - b",
      ["a0 b5"],
    ],
    ["after it there is nothing", { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")] }, "a - - - - - b", []],
    [
      "what a later comparison needs is found, though an earlier event was there first",
      { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")], conditions: rising },
      "a2 b1 b3",
      ["a0 b2"],
    ],
    [
      "past the last event no match shares one",
      { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")] },
      "a a b b",
      ["a0 b2"],
    ],
    [
      "to the next event each beginning has its own",
      { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")], skip: "TO_NEXT_EVENT" },
      "a a b b",
      ["a0 b2", "a1 b2"],
    ],
    [
      "an absent part between spoils what it follows, not what comes after it",
      { ...base, kind: "SEQUENCE", parts: [part("a"), part("x", true), part("b")] },
      "a x a b",
      ["a2 b3"],
    ],
    [
      "nothing in the window is an absence",
      { ...base, kind: "ABSENCE", parts: [part("a"), part("b", true)] },
      "a - - - - - b",
      ["a0"],
    ],
    [
      "something at its very end is none",
      { ...base, kind: "ABSENCE", parts: [part("a"), part("b", true)] },
      "a - - - - b",
      [],
    ],
    [
      "a window that is over takes no beginning of an absence",
      { ...base, kind: "ABSENCE", parts: [part("a"), part("b", true)] },
      "a a - - - - a",
      ["a0", "a6"],
    ],
    [
      "events are counted once",
      { ...base, kind: "COUNT", parts: [part("a")], atLeast: 2 },
      "a a a a",
      ["a0 a1", "a2 a3"],
    ],
    [
      "or from every beginning",
      { ...base, kind: "COUNT", parts: [part("a")], atLeast: 2, skip: "TO_NEXT_EVENT" },
      "a a a",
      ["a0 a1", "a1 a2"],
    ],
    [
      "different values are counted, and what has none is not",
      { ...base, kind: "COUNT", parts: [part("a")], atLeast: 2, distinct: "properties.n" },
      "a1 a1 a a2",
      ["a0 a3"],
    ],
    [
      "all come in any order",
      { ...base, kind: "ALL", parts: [part("a"), part("b"), part("c")] },
      "c a x b",
      ["a1 b3 c0"],
    ],
    [
      "any two of three are enough",
      { ...base, kind: "ANY", parts: [part("a"), part("b"), part("c")], atLeast: 2 },
      "c c b a",
      ["b2 c0"],
    ],
  ];
  test.each(cases)("%s", (_what, input, text, expected) => {
    const { matches } = play(input, told(text), { restart: () => false });
    expect(matches.map(({ events }) => events.map(({ id }) => id).join(" ")).toSorted()).toEqual(expected);
  });

  test("what can't be held is counted, and the same is left out however the events are cut", () => {
    const input: CorrelationPatternInput = {
      ...{ ...base, kind: "SEQUENCE", parts: [part("a"), part("b")], conditions: rising, skip: "TO_NEXT_EVENT" },
      ...{ window: "PT1M", lateness: "PT1M" },
    };
    const limits = { ...STATE_LIMITS, shards: 1, keysPerShard: 2, runsPerKey: 2, matchesPerMinute: 2 };
    const batches = ["s1", "s2", "s3"].flatMap((session) => told("a1 a1 a1 b0 b2", session));
    const events = batches.flatMap((batch, index) =>
      batch.events.map((event) => ({ ...event, id: `${event.id}.${index}`, receivedAtMs: event.timeMs })),
    );
    const whole = play(input, [{ receivedAtMs: START, events }], { restart: () => false, limits });
    const cut = play(
      input,
      events.toReversed().map((event) => ({ receivedAtMs: event.timeMs, events: [event] })),
      { restart: () => true, limits },
    );
    expect(cut).toEqual(whole);
    expect(whole.matches).toHaveLength(2);
    expect(whole.counts).toMatchObject({ shedKeys: 3, shedRuns: 2, shedMatches: 2, matches: 2 });
  });

  test("a match has one id for a version and its events, and another for every other version", () => {
    const input: CorrelationPatternInput = { ...base, kind: "SEQUENCE", parts: [part("a"), part("b")] };
    const compiled = runOf(input).compiled;
    const at = (id: string) => ({ id, timeMs: START, sequence: 0, values: [] });
    const one = { start: at("a"), bound: [at("a"), at("b")] };
    const id = (version: number) => matchOf({ ruleId: "rule", version, idOf: (text) => text }, compiled, "key", one).id;
    expect(id(1)).toBe(id(1));
    expect(id(1)).not.toBe(id(2));
  });
});
