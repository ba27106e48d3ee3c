import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { SEVERITIES } from "../alerts/alert.ts";
import { referenceSetting, referenceWays } from "../../testing/notify/reference-routing.ts";
import { checkRoutes, type RouteInput } from "./check-routes.ts";
import { escalationRouter } from "./escalation-route.ts";
import { channelsOf, createRouter, groupKey, NO_ROUTES, type Route } from "./route.ts";

const value = fc.constantFrom("", "a", "b", "ab");
const severity = fc.constantFrom(...SEVERITIES);
const matcher = fc.oneof(
  fc.record({
    label: fc.constantFrom("x", "y"),
    operator: fc.constantFrom("EQUALS", "NOT_EQUALS", "REGEX", "NOT_REGEX"),
    values: fc.constantFrom("", "a", "b", ".*", "a.?", "a|b").map((one) => [one]),
  }),
  fc.record({
    label: fc.constantFrom("x", "y"),
    operator: fc.constantFrom("IN", "NOT_IN"),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  }),
);
const leaf = {
  matchers: fc.array(matcher, { maxLength: 2 }),
  severity: fc.option(severity),
  channels: fc.option(fc.array(fc.constantFrom("c1", "c2", "c3"), { maxLength: 2 })),
  groupBy: fc.option(fc.array(fc.constantFrom("x", "y"), { maxLength: 2 })),
  groupWaitSeconds: fc.option(fc.nat(60)),
  groupIntervalSeconds: fc.option(fc.nat(600)),
  escalation: fc.option(fc.constantFrom("e1", "e2")),
  goesOn: fc.boolean(),
};
const nodeWith = (routes: fc.Arbitrary<Omit<Route, "name">[]>): fc.Arbitrary<Omit<Route, "name">> =>
  fc.record({
    ...{ ...leaf, quietHours: fc.constant(null) },
    routes: routes.map((each) => each.map((one) => ({ ...one, name: "" }))),
  });
const few = { maxLength: 3 } as const;
const tree = nodeWith(fc.array(nodeWith(fc.array(nodeWith(fc.constant([])), few)), few));
const named = (route: Omit<Route, "name">, name = "r"): Route => ({
  ...{ ...route, name },
  routes: route.routes.map((child, place) => named(child, `${name}.${place}`)),
});
const relabelled = (route: Route): Route => ({
  ...route,
  matchers: route.matchers.map((one) => (one.label === "y" ? { ...one, label: "severity" } : one)),
  routes: route.routes.map(relabelled),
});
const alert = fc.record({ severity, labels: fc.record({ x: value, y: value }, { requiredKeys: [] }) });

describe("Routes", () => {
  test("lead an alert where the definition says, read off every path by itself", () => {
    fc.assert(
      fc.property(tree, alert, (drawn, one) => {
        const root = named(drawn);
        const ways = createRouter({ version: 1, root })(one);
        expect(ways.map(({ path }) => path.at(-1))).toEqual(referenceWays(root, one));
        for (const way of ways) {
          const name = way.path.at(-1) ?? "";
          expect(way.channels).toEqual(referenceSetting(root, name, ({ channels }) => channels) ?? []);
          expect(way.escalation).toBe(referenceSetting(root, name, (route) => route.escalation));
          expect(way.groupBy).toEqual(referenceSetting(root, name, ({ groupBy }) => groupBy) ?? []);
          expect(way.groupWaitSeconds).toBe(referenceSetting(root, name, (route) => route.groupWaitSeconds) ?? 30);
          expect(way.groupIntervalSeconds).toBe(
            referenceSetting(root, name, (route) => route.groupIntervalSeconds) ?? 300,
          );
        }
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test("name an escalation by their first way that has one, as if no route asked of severity", () => {
    const without = (route: Route): Route => ({
      ...route,
      routes: route.routes
        .filter((child) => child.severity === null && child.matchers.every(({ label }) => label !== "y"))
        .map(without),
    });
    fc.assert(
      fc.property(tree, alert, (drawn, one) => {
        const root: Route = { ...named(drawn), matchers: [], severity: null };
        // `y` stands for a label that changes while an alert lasts.
        const asked = { ...root, routes: root.routes.map((child) => relabelled(child)) };
        const labels = { ...one.labels, severity: one.labels.y ?? "" };
        const [first] = referenceWays(without(root), { ...one, severity: "CRITICAL" }).flatMap(
          (name) => referenceSetting(root, name, (route) => route.escalation) ?? [],
        );
        expect(escalationRouter({ version: 1, root: asked })(labels)).toBe(first ?? null);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("tell a channel once, by the first way that has it", () => {
    const input: RouteInput = {
      name: "all",
      routes: [
        { name: "shop", matchers: [{ label: "team", values: ["shop"] }], channels: [ID[0]], goesOn: true },
        { name: "grave", severity: "ERROR", channels: [ID[0], ID[1]] },
      ],
    };
    const router = createRouter({ version: 1, root: checkRoutes(input) });
    const routed = channelsOf(router({ severity: "CRITICAL", labels: { team: "shop" } }));
    expect([...routed].map(([id, { path }]) => [id, path.at(-1)])).toEqual([
      [ID[0], "shop"],
      [ID[1], "grave"],
    ]);
    expect(createRouter(NO_ROUTES)({ severity: "CRITICAL", labels: {} }).flatMap(({ channels }) => channels)).toEqual(
      [],
    );
  });

  test("group by values of labels, of which one there is not is empty", () => {
    const [way] = createRouter({ version: 1, root: checkRoutes({ name: "all", groupBy: ["b", "a"] }) })({
      severity: "INFO",
      labels: {},
    });
    if (way === undefined) throw new Error("The root takes everything.");
    expect(groupKey(way, { a: "1" })).toBe(groupKey(way, { a: "1", b: "", c: "2" }));
    expect(groupKey(way, { a: "1" })).not.toBe(groupKey(way, { b: "1" }));
    expect(groupKey({ ...way, groupBy: [] }, {})).toBeNull();
  });
});

const ID = ["01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"] as const;
const deep = (depth: number): RouteInput => ({ name: `at ${depth}`, routes: depth === 1 ? [] : [deep(depth - 1)] });

test.each([
  ["a root that asks", { name: "all", severity: "ERROR" }, "input.root.matchers"],
  ["two of one name", { name: "all", routes: [{ name: "all" }] }, "input.root.routes.0.name"],
  ["six levels", deep(6), "input.root.routes.0.routes.0.routes.0.routes.0.routes.0"],
  ["what is no id", { name: "all", channels: ["mail"] }, "input.root.channels.0"],
  [
    "a pattern that is none",
    { name: "all", routes: [{ name: "x", matchers: [{ label: "a", operator: "REGEX", values: ["("] }] }] },
    "input.root.routes.0.matchers.0.values",
  ],
  [
    "several values to equal",
    { name: "all", routes: [{ name: "x", matchers: [{ label: "a", values: ["1", "2"] }] }] },
    "input.root.routes.0.matchers.0.values",
  ],
  ["what is no escalation", { name: "all", escalation: "duty" }, "input.root.escalation"],
  [
    "an escalation below what asks of severity",
    { name: "all", routes: [{ name: "x", severity: "ERROR", routes: [{ name: "y", escalation: ID[0] }] }] },
    "input.root.routes.0.routes.0.escalation",
  ],
  ["a wait of days", { name: "all", groupWaitSeconds: 86_401 }, "input.root.groupWaitSeconds"],
  [
    "a zone there is not",
    { name: "all", quietHours: { from: "22:00", to: "06:00", timeZone: "Mars/Olympus" } },
    "input.root.quietHours.timeZone",
  ],
  [
    "more than there may be",
    { name: "all", routes: Array.from({ length: 200 }, (_none, place) => ({ name: `r${place}` })) },
    "input.root",
  ],
] as const)("Routes with %s are refused, and the place is named", (_what, input, field) => {
  expect(() => checkRoutes(input)).toThrow(expect.objectContaining({ code: "BAD_INPUT", extras: { field } }));
});
