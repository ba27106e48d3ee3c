import fc from "fast-check";
import type { PathsInput } from "../src/domain/paths/paths-input.ts";
import type { TestEvent } from "./test-events.ts";

const ORIGIN = Date.parse("2026-03-02T10:00:00Z");

/** The range of random paths: all random events lie in it. */
export const PATHS_RANGE = { from: "2026-03-01T00:00:00Z", to: "2026-03-04T00:00:00Z" };

const name = fc.constantFrom("home", "list", "item", "buy");
const URLS = ["/", "/item/1", "/item/22", "/item/22/reviews", "/help/a/b", "/help", "/x$y"] as const;
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });

const matcher = fc.oneof(
  { weight: 4, arbitrary: name.map((one) => ({ events: [one] })) },
  { weight: 1, arbitrary: fc.constant({ filter: { field: "source", eq: "web" } }) },
  { weight: 1, arbitrary: fc.constant({ events: ["home", "list"], filter: { field: "url", exists: true } }) },
);
const wait = maybe(fc.constantFrom("PT0S", "PT1S", "PT3S", "PT6S").filter((text) => text !== "PT0S"));

const LABELS = [
  { label: ["name"] },
  { label: ["name"], groups: [{ pattern: "^(i)tem$|^(l)ist$", label: "$1$2 seen $$" }] },
  { label: ["url"] },
  {
    label: ["url"],
    groups: [
      { wildcard: "/item/*", label: "item $1" },
      { wildcard: "/**", label: "page" },
    ],
  },
  {
    label: ["url"],
    groups: [
      { pattern: "/item/([0-9])", label: "item $1…" },
      { wildcard: "/help/**", label: "$1" },
    ],
  },
  { label: ["name", "properties.plan"] },
] as const;

const anchor = (label: string) =>
  fc.oneof(
    { weight: 3, arbitrary: matcher.map((event) => ({ event })) },
    { weight: 1, arbitrary: fc.constant({ label }) },
  );

/** Random questions about paths of every kind. */
export const anyPaths: fc.Arbitrary<PathsInput> = fc.constantFrom(...LABELS).chain((labels) => {
  const label = labels.label[0] === "url" ? "/" : "home";
  return fc.record({
    range: fc.constant(PATHS_RANGE),
    label: fc.constant(labels.label),
    groups: fc.constant("groups" in labels ? labels.groups : []),
    steps: fc.oneof({ weight: 3, arbitrary: fc.constant([{}]) }, fc.array(matcher, { minLength: 1, maxLength: 2 })),
    exclude: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(matcher, { minLength: 1, maxLength: 1 })),
    start: maybe(anchor(label)),
    end: maybe(anchor(label)),
    occurrence: fc.constantFrom("FIRST", "ANY"),
    repeats: fc.constantFrom("COLLAPSE", "KEEP"),
    loops: fc.constantFrom("KEEP", "CUT"),
    maxDepth: fc.integer({ min: 2, max: 5 }),
    maxNodes: fc.integer({ min: 1, max: 4 }),
    gap: wait,
    window: wait,
    goal: maybe(fc.record({ event: matcher, within: wait })),
    topPaths: fc.constant(200),
  });
});

/** Random events of a few people, sessions and orders, many at the same moments. */
export const pathEvents: fc.Arbitrary<readonly TestEvent[]> = fc
  .array(
    fc
      .record({
        id: fc.uuid(),
        name,
        timeMs: fc.integer({ min: 0, max: 16 }).map((second) => ORIGIN + second * 1_000),
        userId: fc.constantFrom("u1", "u2", "u3", "u4", "u5"),
        sessionId: fc.constantFrom("s1", "s2", ""),
        source: fc.constantFrom("web", "ios"),
        url: fc.constantFrom(...URLS, ""),
        plan: fc.constantFrom("pro", "free", ""),
        order: fc.constantFrom("o1", "o2", null),
      })
      .map(({ plan, order, ...event }): TestEvent => ({
        ...event,
        properties: { ...(plan === "" ? {} : { plan }), ...(order === null ? {} : { order }) },
      })),
    { minLength: 1, maxLength: 40 },
  )
  .map((events) =>
    [...new Map(events.map((event) => [event.id, event])).values()].toSorted((a, b) => a.timeMs - b.timeMs),
  );
