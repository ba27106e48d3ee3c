import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import { askSubgraph } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { createAskAnalytics } from "../../server/src/ask-analytics.ts";
import { createAskExecutions } from "../../server/src/ask-executions.ts";
import { connectInProcess } from "../../server/src/graph-connections.ts";
import { buildAnalytics, type TestAnalytics } from "../../subgraphs/analytics/testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../subgraphs/analytics/testing/test-events.ts";
import { openAnomalyRoom, rest, type AnomalyRoom } from "../../subgraphs/anomaly/src/testing/anomaly-room.ts";
import { createGovernanceSubgraph } from "../../subgraphs/governance/src/subgraph.ts";

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
/** Midnight at which the days of these tests begin. */
export const START_MS = Date.parse("2021-08-02T00:00:00Z");

/** A person of a tenant who may read numbers and executions, and have them watched. */
export const watcherOf = (tenantId: TenantId, id: string): Caller => ({
  ...{ ...PLAIN_ACCESS, tenantId, expiresAtMs: null, subject: { kind: "USER", id } },
  permissions: new Set([
    ...([
      "analytics:read",
      "analytics:define",
      "anomaly:read",
      "anomaly:manage",
      "audit:read",
      "cohorts:manage",
    ] as const),
  ]),
});

const eventsOf = (country: string, source: string, people: readonly number[]) => (day: number, fails: boolean) =>
  people.flatMap((who, place): readonly TestEvent[] => {
    const lateMs = country === "BR" ? 5 * MINUTE_MS : 1_000;
    const at = START_MS + day * DAY_MS + 10 * HOUR_MS + place * MINUTE_MS;
    const properties = {
      card: `k${who}`,
      account: `a${who}`,
      device: `v${who}`,
      ms: 10 + ((who * 7) % 50) + (fails ? 900 : 0),
    };
    const common = { userId: `u${who}`, country, properties };
    const money = fails ? {} : { revenue: "4", currency: "EUR" };
    return [
      { ...common, id: randomUUID(), name: "view", timeMs: at, receivedAtMs: at + lateMs, utmSource: source },
      {
        ...common,
        ...money,
        id: randomUUID(),
        name: fails ? "fail" : "buy",
        timeMs: at + 20 * MINUTE_MS,
        receivedAtMs: at + 20 * MINUTE_MS + lateMs,
      },
    ];
  });
const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);
const germans = eventsOf("DE", "mail", range(0, 20));
const french = eventsOf("FR", "ads", range(20, 20));
const brazilians = eventsOf("BR", "blog", range(40, 25));

/**
 * Forty people of two countries see and buy every day. On the fifth day nothing the French try is sold, twenty-five new people come from Brazil, what they do arrives late, one card pays twelve times in a row and four accounts
 * use one device; the day after the French stay away.
 */
export const shopEvents = (): readonly TestEvent[] => {
  const fifth = START_MS + 4 * DAY_MS + 10 * HOUR_MS;
  const common = { country: "DE", id: "" };
  return [
    ...[0, 1, 2, 3].flatMap((day) => [...germans(day, false), ...french(day, false)]),
    ...[...germans(4, false), ...french(4, true), ...brazilians(4, false)],
    ...range(1, 12).map((at) => ({
      ...{ ...common, id: randomUUID(), name: "pay", userId: "u0", timeMs: fifth + at * MINUTE_MS },
      ...{ revenue: "9", currency: "EUR" },
      properties: { card: "stolen", account: "a0", device: "v0" },
    })),
    ...range(1, 4).map((who) => ({
      ...{ ...common, id: randomUUID(), name: "login", userId: `u${who}`, timeMs: fifth + (who + 1) * MINUTE_MS },
      properties: { card: `k${who}`, account: `a${who}`, device: "shared" },
    })),
    ...[...germans(5, false), ...brazilians(5, false)],
  ];
};

/** The anomaly room over the analytics and the governance room, before the tests of a file and until after them, with the events of some tenants. */
export const rulesOverAnalytics = (tenants: readonly (readonly [TenantId, () => readonly TestEvent[]])[]) => {
  let opened: { readonly room: AnomalyRoom; readonly analytics: TestAnalytics } | null = null;
  const rooms = () => {
    if (opened === null) throw new Error("The rooms open before the tests.");
    return opened;
  };
  beforeAll(async () => {
    let asked: AskAnalytics | null = null;
    const known = (): AskAnalytics => {
      if (asked === null) throw new Error("Analytics are not open yet.");
      return asked;
    };
    const room = openAnomalyRoom({
      askAnalytics: {
        watchedSeries: (...args) => known().watchedSeries(...args),
        impactOf: (...args) => known().impactOf(...args),
      },
      accessOfSubject: (tenantId, { id }) => Promise.resolve(watcherOf(tenantId, id)),
    });
    const { resources, writer } = room.engines;
    const governance = createGovernanceSubgraph(resources, { auditSecrets: [randomUUID()] });
    const analytics = buildAnalytics(
      resources,
      { ingest: () => Promise.reject(new Error("Nothing is ingested here.")) },
      undefined,
      undefined,
      createAskExecutions(connectInProcess(governance, resources.logger)),
    );
    asked = createAskAnalytics(connectInProcess(analytics.subgraph, resources.logger));
    opened = { room, analytics };
    for (const [tenantId, eventsOfTenant] of tenants) await storeEvents(writer, tenantId, eventsOfTenant());
  });
  afterAll(async () => {
    const { room, analytics } = rooms();
    await rest(
      room,
      tenants.map(([tenantId]) => tenantId),
    );
    await analytics.close();
    await room.close();
  });
  return {
    room: (): AnomalyRoom => rooms().room,
    analytics: (): TestAnalytics => rooms().analytics,
    /** Makes a rule with a detector of fixed bounds. */
    make: async (tenantId: TenantId, name: string, watched: object, detector: object): Promise<void> => {
      const source = `mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename } }`;
      const input = { name, question: watched, detector: { static: detector }, evaluationIntervalSeconds: 60 };
      const { data, errors } = await askSubgraph(rooms().room.subgraph, watcherOf(tenantId, randomUUID()), source, {
        input,
      });
      const saved = z.object({ createRule: z.object({ __typename: z.literal("RuleSaved") }) }).safeParse(data);
      if (!saved.success) throw new Error(`No rule ${name}: ${JSON.stringify(errors ?? data)}`);
    },
    /** Has every rule judge what has ended by an hour of a day. */
    turnAt: async (day: number, hour: number): Promise<void> => {
      const { room } = rooms();
      room.clock.ms = START_MS + day * DAY_MS + hour * HOUR_MS;
      while ((await room.worker()()) > 0);
    },
  };
};
