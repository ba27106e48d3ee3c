import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { untilReadable } from "@tessera/platform/testing/readable-log";
import { z } from "zod";
import { openIncidents } from "./open-incidents.ts";
import { createIncidentOpener } from "./reactions/incidents/take-alerts.ts";
import { openQuestionWorld, type QuestionWorld, type WorldTenant } from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: QuestionWorld;
let drain: () => Promise<unknown>;
beforeAll(async () => {
  opened = openQuestionWorld();
  const { resources } = opened.room.engines;
  await resources.eventLog.start();
  const opener = createIncidentOpener(openIncidents(resources, { keyRing: null }).taking);
  drain = async () => {
    await untilReadable(opened.room.engines.owner);
    await opener.drain();
  };
});
afterEach(() => opened.reset());
afterAll(async () => {
  await opened.room.engines.resources.eventLog.stop();
  await opened.room.close();
});

/** Watches by which share of an operation's executions the service failed. */
const QUESTION = {
  question: { apiExecutions: { range: { sliding: "P1D" }, by: "OPERATION" } },
  ...{ value: { name: "serverErrorShare" }, granularity: "HOUR" },
};
const rateRule = (base: string) => ({
  ...{ name: "error rate", question: QUESTION, detector: { static: { side: "ABOVE", high: 0.05 } } },
  alerting: { severity: { base } },
});
const shares = (...at: readonly number[]) => {
  return (hour: number): number => (at.includes(hour) ? 0.4 : 0.01);
};

const INCIDENTS = `{ incidentPolicies { version policies { name severity groupBy count } } incidents { edges { node {
  number state severity policy title alerts { open anomaly { group { value } } } timeline { kind } } } } }`;
const shape = z.object({
  incidentPolicies: z.object({ version: z.number(), policies: z.array(z.record(z.string(), z.unknown())) }),
  incidents: z.object({
    edges: z.array(
      z.object({
        node: z.looseObject({
          alerts: z.array(
            z.object({ open: z.boolean(), anomaly: z.object({ group: z.array(z.object({ value: z.string() })) }) }),
          ),
          timeline: z.array(z.object({ kind: z.string() })),
        }),
      }),
    ),
  }),
});
const read = async ({ ask }: WorldTenant) => {
  const { incidentPolicies, incidents } = shape.parse((await ask(INCIDENTS)).data);
  return { policies: incidentPolicies, incidents: incidents.edges.map(({ node }) => node) };
};
/** What was told when as many entries have been written as a story has. */
const afterEntries = async (tenant: WorldTenant, count: number) => {
  for (;;) {
    await drain();
    const found = await read(tenant);
    // Other tests' transactions on the same server can hold entries back for a moment.
    if ((found.incidents[0]?.timeline.length ?? 0) >= count) return found;
  }
};

describe("an error rate beyond its bound", () => {
  test("opens one incident by the policies of whoever set none; alerts of further operations join it, and its timeline tells", async () => {
    const tenant = opened.openTenant();
    opened.world.counts.set("Sales", shares(10, 11));
    opened.world.counts.set("Signups", shares(11));
    opened.world.counts.set("Events", shares());
    await opened.makeRule(tenant, rateRule("CRITICAL"));
    await opened.turn(0);
    await drain();
    expect(await read(tenant)).toEqual({
      incidents: [],
      policies: {
        version: 0,
        policies: [
          { name: "Error rate", severity: "WARNING", groupBy: ["rule"], count: 1 },
          { name: "Critical", severity: "CRITICAL", groupBy: ["rule"], count: 1 },
          { name: "Several series", severity: null, groupBy: ["rule"], count: 3 },
        ],
      },
    });
    await opened.turn();
    expect((await afterEntries(tenant, 2)).incidents).toMatchObject([
      ...[{ number: 1, state: "TRIGGERED", severity: "CRITICAL" }],
    ]);
    expect((await read(tenant)).incidents).toMatchObject([
      { policy: "Error rate", title: "Error rate: rule error rate" },
    ]);
    await opened.turn();
    const { incidents } = await afterEntries(tenant, 3);
    expect(incidents).toHaveLength(1);
    expect(incidents[0]?.alerts.map(({ anomaly: { group } }) => group[0]?.value).toSorted()).toEqual([
      ...["Sales", "Signups"],
    ]);
    await opened.turn();
    const [over, ...others] = (await afterEntries(tenant, 5)).incidents;
    expect([others, over?.alerts.map(({ open }) => open)]).toEqual([[], [false, false]]);
    expect(over?.timeline.map(({ kind }) => kind)).toEqual([
      ...["OPENED", "ALERT_JOINED", "ALERT_JOINED", "ALERT_CHANGED", "ALERT_CHANGED"],
    ]);
  });

  test("opens one incident from WARNING on, which further operations join; and for whoever set a bound of their own, from theirs on", async () => {
    const [plain, own] = [opened.openTenant(), opened.openTenant()];
    const set = `mutation { setIncidentPolicies(version: 0, policies: [{ name: "Bad rates", severity: ERROR, groupBy: ["rule"],
      matchers: [{ label: "watches", operator: EQUALS, values: ["error_rate"] }] }]) { __typename } }`;
    expect((await own.ask(set)).errors).toBeUndefined();
    opened.world.counts.set("Sales", shares(10, 11));
    opened.world.counts.set("Signups", shares(11));
    opened.world.counts.set("Events", shares());
    await opened.makeRule(plain, rateRule("WARNING"));
    await opened.makeRule(own, { ...rateRule("WARNING"), name: "mild" });
    await opened.makeRule(own, { ...rateRule("ERROR"), name: "bad" });
    await opened.turn(0);
    await opened.turn();
    expect((await afterEntries(plain, 2)).incidents).toMatchObject([
      { number: 1, policy: "Error rate", severity: "WARNING", state: "TRIGGERED" },
    ]);
    await opened.turn();
    const { incidents } = await afterEntries(plain, 3);
    expect(incidents.map(({ alerts }) => alerts.length)).toEqual([2]);
    expect((await afterEntries(own, 3)).incidents).toMatchObject([
      { policy: "Bad rates", severity: "ERROR", title: "Bad rates: rule bad" },
    ]);
  });

  test("opens none while it is below that and of few operations, one when it is of three, and none for whoever wants none", async () => {
    const [mild, none] = [opened.openTenant(), opened.openTenant()];
    await none.ask(`mutation { setIncidentPolicies(version: 0, policies: []) { __typename } }`);
    for (const operation of ["Sales", "Signups"]) opened.world.counts.set(operation, shares(10, 11));
    opened.world.counts.set("Events", shares(11));
    await opened.makeRule(mild, rateRule("INFO"));
    await opened.makeRule(none, rateRule("CRITICAL"));
    await opened.turn();
    await drain();
    expect((await read(mild)).incidents).toEqual([]);
    opened.world.counts.set("Orders", shares(11));
    opened.world.counts.set("Carts", shares(11));
    await opened.turn();
    const { incidents } = await afterEntries(mild, 4);
    expect(incidents).toMatchObject([{ policy: "Several series", severity: "INFO", state: "TRIGGERED" }]);
    expect((await read(none)).incidents).toEqual([]);
  });
});
