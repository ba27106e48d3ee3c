import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { openDashboardRoom } from "../../../testing/dashboard-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(180_000);

const FROM_MS = Date.parse("2026-10-26T00:00:00Z");
const RANGE = { from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + 86_400_000).toISOString() };

let room: ReturnType<typeof openDashboardRoom>;
const newCaller = (): Caller => callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const idOf = (answer: unknown): string =>
  z.object({ saveExpectation: z.object({ expectation: z.object({ id: z.string() }) }) }).parse(answer).saveExpectation
    .expectation.id;
const SAVE = `mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { ... on ExpectationSaved { expectation { id } } } }`;
const save = async (caller: Caller, name: string, event: string | null): Promise<string> =>
  idOf(await room.ask(caller, SAVE, { input: { event, expect: { name, present: { field: "country" } } } }));
/** What the hourly test would have come to by now. */
const tested = async (caller: Caller, id: string, verdict: "PASSING" | "FAILING"): Promise<void> => {
  const text = `INSERT INTO quality_verdict (tenant_id, expectation_id, run, version, verdict, tested_at, from_at, to_at, at_least, tested, passed)
    VALUES ($1, $2, 1, 1, $3, now(), now() - interval '1 day', now(), 1, 2, $4)`;
  await room.world.owner.query(text, [caller.tenantId, id, verdict, verdict === "PASSING" ? 2 : 1]);
};

const QUALITY =
  "provenance { quality { verdict expectations testedAt failing { id name version event share atLeast } } }";
const quality = z.object({
  ...{ verdict: z.string(), expectations: z.number(), testedAt: z.string().nullable() },
  failing: z.array(z.looseObject({ name: z.string() })),
});
/** What the answers of some questions tell, in their order. */
const told = async (caller: Caller, asked: Readonly<Record<string, readonly [type: string, input: object]>>) => {
  const all: z.infer<typeof quality>[] = [];
  for (const [field, [type, input]] of Object.entries(asked)) {
    const name = field.split(" ")[0] ?? field;
    const answer = await room.ask(caller, `query ($input: ${type}!) { ${name}(input: $input) { ${QUALITY} } }`, {
      input,
    });
    all.push(
      z.record(z.string(), z.object({ provenance: z.object({ quality }) })).parse(answer)[name]?.provenance.quality ??
        quality.parse(null),
    );
  }
  return all;
};
const COUNT = { range: RANGE, measures: [{ function: "COUNT" }] };
const ofName = (name: string) => ({ ...COUNT, filter: { field: "name", eq: name } });
const [buy, view] = [{ events: ["buy"] }, { events: ["view"] }];

describe("the quality of what an answer read", () => {
  test("is that of the names it reads, in every kind of question that says them, and of all names in others", async () => {
    const caller = newCaller();
    await storeEvents(room.world.writer, caller.tenantId, [
      { id: randomUUID(), name: "buy", timeMs: FROM_MS, userId: "a", country: "DE" },
      { id: randomUUID(), name: "view", timeMs: FROM_MS, userId: "a" },
    ]);
    const [good, bad] = [await save(caller, "good", "buy"), await save(caller, "bad", "view")];
    await tested(caller, good, "PASSING");
    await tested(caller, bad, "FAILING");
    const steps = (...matchers: readonly object[]) => matchers.map((one) => ({ anyOf: [one] }));
    const ofBuys = await told(caller, {
      olap: ["OlapInput", ofName("buy")],
      timeSeries: ["TimeSeriesInput", { ...ofName("buy"), granularity: "DAY" }],
      funnel: ["FunnelInput", { range: RANGE, steps: steps(buy, buy) }],
      attribution: [
        "AttributionInput",
        { range: RANGE, conversion: buy, touchpoints: [buy], models: [{ kind: "LAST" }] },
      ],
      retention: ["RetentionInput", { range: RANGE, start: buy, returning: buy, periods: 1 }],
      stickiness: ["StickinessInput", { range: RANGE, event: buy }],
      lifecycle: ["LifecycleInput", { range: RANGE, event: buy }],
      activeUsers: ["ActiveUsersInput", { range: RANGE, event: buy }],
      eventQuality: [
        "EventQualityInput",
        { range: RANGE, event: buy, expect: [{ name: "e", present: { field: "country" } }] },
      ],
      drift: [
        "DriftInput",
        { range: RANGE, event: buy, field: "country", kind: "CATEGORICAL", reference: { trailing: "P1D" } },
      ],
    });
    const passing = { verdict: "PASSING", expectations: 1, testedAt: expect.any(String), failing: [] };
    expect(ofBuys).toEqual(ofBuys.map(() => passing));
    const ofKept = await told(caller, { eventQuality: ["EventQualityInput", { range: RANGE, kept: [{ id: good }] }] });
    expect(ofKept).toEqual([passing]);
    const ofAll = await told(caller, {
      olap: ["OlapInput", COUNT],
      "olap of either": [
        "OlapInput",
        {
          ...COUNT,
          filter: {
            or: [
              { field: "name", eq: "buy" },
              { field: "country", eq: "US" },
            ],
          },
        },
      ],
      funnel: ["FunnelInput", { range: RANGE, steps: steps(buy, view) }],
      paths: ["PathsInput", { range: RANGE, steps: [buy] }],
      sessionMetrics: ["SessionMetricsInput", { range: RANGE, filter: { field: "name", eq: "buy" } }],
    });
    const share = { share: 0.5, atLeast: 1, version: 1, event: "view" };
    const failing = { verdict: "FAILING", expectations: 2, failing: [{ id: bad, name: "bad", ...share }] };
    expect(ofAll).toEqual(ofAll.map(() => ({ ...failing, testedAt: expect.any(String) })));
  });

  test("is of the caller's tenant alone, and unknown where nothing is kept", async () => {
    const [caller, other] = [newCaller(), newCaller()];
    await tested(caller, await save(caller, "bad", null), "FAILING");
    const unknown = { verdict: "UNKNOWN", expectations: 0, testedAt: null, failing: [] };
    expect([
      ...(await told(caller, { olap: ["OlapInput", COUNT] })),
      ...(await told(other, { olap: ["OlapInput", COUNT] })),
    ]).toEqual([expect.objectContaining({ verdict: "FAILING", expectations: 1 }), unknown]);
  });

  test("is unknown to callers under a data policy and of share links, who may not see what was tested", async () => {
    const caller = newCaller();
    await tested(caller, await save(caller, "bad", null), "FAILING");
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    const restricted: Caller = { ...caller, dataPolicy };
    const link: Caller = { ...caller, subject: { kind: "LINK", id: "0123456789abcdef" } };
    for (const one of [restricted, link])
      expect(await told(one, { olap: ["OlapInput", COUNT] })).toEqual([
        { verdict: "UNKNOWN", expectations: 0, testedAt: null, failing: [] },
      ]);
    expect(await told(caller, { olap: ["OlapInput", COUNT] })).toMatchObject([{ verdict: "FAILING" }]);
  });
});
