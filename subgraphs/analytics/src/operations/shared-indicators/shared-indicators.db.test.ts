import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { buildAnalytics } from "../../../testing/build-analytics.ts";
import {
  INDICATOR_FIELDS,
  INDICATOR_START_MS,
  newCard,
  openIndicatorRoom,
  sharerOf,
  WRITTEN,
  type IndicatorRoom,
} from "../../../testing/indicator-room.ts";
import { referenceBands, type IndicatorStep } from "../../../testing/reference-indicators.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { INDICATOR_LIMITS, indicatorPeriod } from "../../domain/shared-indicators/indicator.ts";
import { createIndicatorKeys } from "./indicator-keys.ts";
import { createIndicatorOperations } from "./indicator-operations.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let room: IndicatorRoom;
beforeAll(() => {
  room = openIndicatorRoom();
});
afterAll(() => room.close());

const [tenants, identifiers] = [8, 2];
const tenant = fc.integer({ min: 0, max: tenants - 1 });
const identifier = fc.integer({ min: 0, max: identifiers - 1 });
const step: fc.Arbitrary<IndicatorStep> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("JOIN", "LEAVE"), tenant }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("REPORT"), tenant, identifier }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("WITHDRAW"), tenant, identifier }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("WAIT"), hours: fc.constantFrom(1, 14, 24, 25, 48, 700) }) },
);
const parties = fc.array(fc.constantFrom(null, null, null, 0, 1), { minLength: tenants, maxLength: tenants });
const active = fc.array(fc.constantFrom(true, true, true, true, false), { minLength: tenants, maxLength: tenants });
// Most say most of it at first, so that what comes later is about bands and not about nothing.
const mostly = fc.array(fc.constantFrom(true, true, true, false), {
  minLength: tenants * identifiers,
  maxLength: tenants * identifiers,
});
const story = fc.record({ first: mostly, steps: fc.array(step, { maxLength: 25 }), parties, active });

test("after any story each tenant is told of each identifier what everybody's word says, however it is written", async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ first, steps: drawn, parties: of, active: isActive }) => {
      const everybody = Array.from({ length: tenants }, (_, at): IndicatorStep => ({ kind: "JOIN", tenant: at }));
      const said = first.flatMap((isSaid, at): readonly IndicatorStep[] =>
        isSaid ? [{ kind: "REPORT", tenant: at % tenants, identifier: Math.floor(at / tenants) }] : [],
      );
      const steps: readonly IndicatorStep[] = [...everybody, ...said, ...drawn, { kind: "WAIT", hours: 30 }];
      room.clock.nowMs = INDICATOR_START_MS;
      const organisations = [await room.addOrganisation(), await room.addOrganisation()];
      const ids: TenantId[] = [];
      for (const [at, party] of of.entries())
        ids.push(
          await room.addTenant(
            party === null ? null : organisations[party],
            isActive[at] === true ? "ACTIVE" : "SUSPENDED",
          ),
        );
      const cards = Array.from({ length: identifiers }, newCard);
      for (const [at, one] of steps.entries()) {
        const id = "tenant" in one ? ids[one.tenant] : undefined;
        const card = "identifier" in one ? (WRITTEN[at % 3]?.(cards[one.identifier] ?? "") ?? "") : "";
        if (one.kind === "WAIT") room.clock.nowMs += one.hours * 3_600_000;
        else if (id === undefined) throw new Error("A step is of a tenant.");
        else if (one.kind === "JOIN") await room.join(id);
        else if (one.kind === "LEAVE") await room.open().operations.leaveSharedIndicators(sharerOf(id));
        else if (one.kind === "REPORT") await room.contribute(id, card);
        else {
          const asked = { field: "properties.card", values: [card] };
          await room
            .open()
            .operations.withdrawSharedIndicators(sharerOf(id), asked)
            .catch(() => null);
        }
      }
      const reference = referenceBands(steps, {
        ...{ startMs: INDICATOR_START_MS, tenants, identifiers, activeOf: (at) => isActive[at] === true },
        partyOf: (at) => (of[at] === null ? at : 100 + (of[at] ?? 0)),
      });
      const told = await Promise.all(ids.map((id) => room.ask(id, cards).catch(() => null)));
      expect({ endMs: room.clock.nowMs, told }).toEqual(reference);
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

test("bands begin at 3, 10 and 30 others, and are the same for everybody within one", async () => {
  room.clock.nowMs = INDICATOR_START_MS;
  const card = newCard();
  const [asking, ...others] = await Promise.all(Array.from({ length: 31 }, () => room.addTenant()));
  if (asking === undefined) throw new Error("There is a tenant.");
  await room.join(asking);
  const told: (string | null)[] = [];
  for (const tenantId of others) {
    await room.reportedBy([tenantId], card);
    room.clock.nowMs += 2 * DAY_MS - 1;
    told.push((await room.ask(asking, [card]))[0] ?? null);
    room.clock.nowMs -= 2 * DAY_MS - 1;
  }
  const times = (band: string | null, count: number) => Array.from({ length: count }, () => band);
  expect(told).toEqual([...times(null, 2), ...times("FEW", 7), ...times("SOME", 20), "MANY"]);
});

describe("keys", () => {
  test("processes that begin a period at once have one key, another than before", async () => {
    const atMs =
      Date.parse("2035-01-01T00:00:00Z") + INDICATOR_LIMITS.periodMs * (randomBytes(4).readUInt32BE() % 2_000);
    const keys = await Promise.all(Array.from({ length: 4 }, () => room.open().indicatorKeys.at(atMs)));
    expect(new Set(keys.map((of) => JSON.stringify([...of]))).size).toBe(1);
    const { indicatorKeys } = room.open();
    await indicatorKeys.at(atMs);
    const next = await indicatorKeys.at(atMs + INDICATOR_LIMITS.periodMs);
    const period = indicatorPeriod(atMs);
    expect(next.get(period)).toEqual(keys[0]?.get(period));
    expect(next.get(period + 1)).not.toEqual(next.get(period));
    expect([...(await indicatorKeys.at(atMs + 3 * INDICATOR_LIMITS.periodMs)).keys()]).not.toContain(period);
  });

  test("a period's key goes with what was contributed under it, and with what was asked about on earlier days", async () => {
    room.clock.nowMs = Date.parse("1981-01-10T00:00:00Z");
    const [card, tenantId] = [newCard(), await room.addTenant()];
    await room.reportedBy([tenantId], card);
    await room.ask(tenantId, [card]);
    const { indicators } = room.open();
    const period = indicatorPeriod(room.clock.nowMs);
    await indicators.forgetAcrossTenants(period + 1, room.clock.nowMs + DAY_MS);
    expect(await indicators.keysAcrossTenants(0)).not.toContainEqual(expect.objectContaining({ period }));
    expect(
      (await room.world.owner.query("SELECT 1 FROM shared_indicator WHERE tenant_id = $1", [tenantId])).rows,
    ).toEqual([]);
    expect(
      (await room.world.owner.query("SELECT 1 FROM shared_indicator_lookup WHERE tenant_id = $1", [tenantId])).rows,
    ).toEqual([]);
  });

  test("without a key ring nothing is shared, and nobody joins", async () => {
    room.clock.nowMs = INDICATOR_START_MS;
    const tenantId = await room.addTenant();
    const { indicators, ...rest } = room.open();
    const indicatorKeys = createIndicatorKeys({ keyRing: null, indicators, randomBytes });
    const operations = createIndicatorOperations({ ...rest, indicators, indicatorKeys });
    const joined = operations.joinSharedIndicators(sharerOf(tenantId), { fields: INDICATOR_FIELDS });
    await expect(joined).rejects.toMatchObject({ code: "DEPENDENCY_UNAVAILABLE" });
    expect(await operations.sharedIndicatorMembership(sharerOf(tenantId))).toBeNull();
  });
});

test("velocity tells of entities that others reported, with bands, and refuses what can't be asked", async () => {
  room.clock.nowMs = INDICATOR_START_MS;
  const [asking, few, alone] = [await room.addTenant(), newCard(), newCard()];
  const cards = [few, few, alone, newCard()];
  const written = cards.map((card, at) => WRITTEN[at % 2]?.(card) ?? card);
  await storeEvents(
    room.world.writer,
    asking,
    written.map((card, at) => ({
      id: randomUUID(),
      name: "pay",
      timeMs: INDICATOR_START_MS + at * 1_000,
      properties: { card },
    })),
  );
  const { velocity } = room.open();
  const question = {
    ...{ range: { from: "2031-03-05T00:00:00Z", to: "2031-03-06T00:00:00Z" }, event: { events: ["pay"] } },
    ...{ by: "properties.card", within: "PT1H", moreThan: 0, reported: {} },
  };
  await expect(velocity(sharerOf(asking), question)).rejects.toMatchObject({ code: "CONFLICT" });
  await room.join(asking);
  await room.reportedBy([await room.addTenant(), await room.addTenant(), await room.addTenant()], few);
  await room.reportedBy([await room.addTenant(), await room.addTenant()], alone);
  room.clock.nowMs += 3 * DAY_MS;
  const answer = await velocity(sharerOf(asking), question);
  expect(answer).toMatchObject({ entities: 2, hasMore: false });
  const told = answer.top.map(({ entity, reported }) => `${entity} ${reported}`);
  expect(new Set(told)).toEqual(new Set(written.slice(0, 2).map((card) => `${card} FEW`)));
  expect(await velocity(sharerOf(asking), { ...question, reported: { atLeast: "SOME" } })).toMatchObject({
    entities: 0,
    top: [],
  });
  expect(await velocity(sharerOf(asking), { ...question, first: 1 })).toMatchObject({ entities: 2, hasMore: true });
  const plain = await velocity(sharerOf(asking), { ...question, reported: null });
  expect(plain).toMatchObject({
    entities: 4,
    top: expect.arrayContaining([expect.objectContaining({ reported: null })]),
  });
  const other = velocity(sharerOf(asking), { ...question, by: "country" });
  await expect(other).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field: "input.reported" } });
});

test("the graph joins, reports, tells and leaves, and a rule over `peak` sees a series for each reported entity", async () => {
  room.clock.nowMs = INDICATOR_START_MS;
  const resources = { ...room.world.resources, nowMs: () => room.clock.nowMs };
  const { subgraph, close } = buildAnalytics(resources, { ingest: () => Promise.reject(new Error("Not asked.")) });
  const [asking, card, other] = [await room.addTenant(), newCard(), newCard()];
  const timeMs = INDICATOR_START_MS - 60_000;
  const events = [card, card, other].map((of) => ({ id: randomUUID(), name: "pay", timeMs, properties: { card: of } }));
  await storeEvents(room.world.writer, asking, events);
  const ask = async (document: string, variables: Readonly<Record<string, unknown>> = {}) => {
    const { data, errors } = await askSubgraph(subgraph, sharerOf(asking), document, variables);
    expect(errors).toBeUndefined();
    return data;
  };
  const fields = [{ field: "properties.card", kind: "CARD" }];
  const JOIN =
    "mutation ($input: JoinSharedIndicatorsInput!) { joinSharedIndicators(input: $input) { contributed lookupsLeftToday fields { field kind } } }";
  expect(await ask(JOIN, { input: { fields } })).toEqual({
    joinSharedIndicators: { contributed: 0, lookupsLeftToday: INDICATOR_LIMITS.lookups, fields },
  });
  const REPORT =
    "mutation ($input: SharedIndicatorReportInput!) { reportSharedIndicators(input: $input) { reported unseen unusable } }";
  expect(await ask(REPORT, { input: { field: "properties.card", values: [other] } })).toEqual({
    reportSharedIndicators: { reported: 1, unseen: [], unusable: [] },
  });
  await room.reportedBy([await room.addTenant(), await room.addTenant(), await room.addTenant()], card);
  room.clock.nowMs += 3 * DAY_MS;
  const velocity = { event: {}, by: "properties.card", within: "PT1H", moreThan: 0, reported: { atLeast: "FEW" } };
  const hour = { from: "2031-03-05T09:00:00Z", to: "2031-03-05T11:00:00Z" };
  const WATCH =
    "query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { series { group { value } values } } }";
  const question = { velocity: { ...velocity, range: hour } };
  expect(await ask(WATCH, { input: { question, value: { name: "peak" }, ...hour, granularity: "HOUR" } })).toEqual({
    watchedSeries: { series: [{ group: [{ value: card }], values: [2, 2] }] },
  });
  const TOLD = "{ sharedIndicatorMembership { contributed lookedUpToday } }";
  expect(await ask(TOLD)).toEqual({ sharedIndicatorMembership: { contributed: 1, lookedUpToday: 2 } });
  expect(await ask("mutation { leaveSharedIndicators { deleted } }")).toEqual({
    leaveSharedIndicators: { deleted: 1 },
  });
  expect(await ask(TOLD)).toEqual({ sharedIndicatorMembership: null });
  await close();
});
