import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import type { WatchedAnswer, WatchedQuestion } from "@tessera/contracts/watched-series";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { eventRow, makeRule, openAnomalyRoom, storeEvents, type AnomalyRoom } from "../testing/anomaly-room.ts";
import { countOf } from "../testing/definitions.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2020-02-01T00:00:00Z");
/** Hourly counts by country: 10, but 100 in some hours of one. */
const HIGH: Readonly<Record<string, readonly number[]>> = { DE: [30, 31, 32, 60], FR: [] };
const asked: WatchedQuestion[] = [];

const answered = (question: WatchedQuestion): WatchedAnswer => {
  asked.push(question);
  const first = Math.ceil(Date.parse(question.from) / HOUR_MS);
  const count = Math.max(0, Math.floor(Date.parse(question.to) / HOUR_MS) - first);
  const hours = Array.from({ length: count }, (_, place) => first + place);
  const series = Object.entries(HIGH).map(([country, high]) => {
    const values = hours.map((hour) => (high.includes(hour - START_MS / HOUR_MS) ? 100 : 10));
    return { group: [{ name: "country", value: country }], values, samples: values };
  });
  return {
    bucketsMs: hours.map((hour) => hour * HOUR_MS),
    endsMs: hours.map((hour) => (hour + 1) * HOUR_MS),
    complete: hours.map(() => true),
    ...{ rising: true, emptyValue: 0, series, others: null, seriesCount: series.length },
  };
};

let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom({
    askAnalytics: {
      watchedSeries: (_caller, question) => Promise.resolve(answered(question)),
      impactOf: () => Promise.reject(new Error("Simulations know no impact.")),
    },
    accessOfSubject: () => Promise.resolve(null),
  });
});
afterAll(() => room.close());

const SIMULATE = `query ($rule: ID, $change: UpdateRuleInput, $draft: CreateRuleInput, $from: DateTime!, $to: DateTime!, $incidents: [KnownIncidentInput!]! = []) {
  result: simulateRule(rule: $rule, change: $change, draft: $draft, from: $from, to: $to, incidents: $incidents) {
    from to buckets seriesCount episodeCount tellings precision recall meanSecondsToTell
    episodes { group { name value } severity from toldAt until endedBy tellings } } }`;
const simulate = (tenantId: TenantId, variables: object) =>
  askSubgraph(room.subgraph, callerWith(tenantId, ["anomaly:manage", "anomaly:read", "analytics:read"]), SIMULATE, {
    ...variables,
  });
const hour = (count: number): string => new Date(START_MS + count * HOUR_MS).toISOString();

const draft = {
  name: "draft",
  question: {
    question: { olap: { range: { sliding: "P1D" }, measures: [{ function: "COUNT" }], dimensions: ["country"] } },
    granularity: "HOUR",
  },
  detector: { static: { side: "ABOVE", high: 50 } },
  alerting: { fire: { k: 2, n: 2 }, renotify: { every: "PT1H", atMost: 1 } },
};

test("A rule that is not there yet is replayed over its question, in bounded pages, and scored by what is known to have been wrong", async () => {
  const answer = await simulate(freshTenantId(), {
    draft,
    ...{ from: hour(0), to: hour(250) },
    incidents: [
      { from: hour(30), until: hour(33) },
      { from: hour(60), until: hour(61) },
    ],
  });
  expect(answer.errors).toBeUndefined();
  const group = [{ name: "country", value: "DE" }];
  expect(answer.data?.["result"]).toEqual({
    ...{ from: hour(0), to: hour(250), buckets: 250, seriesCount: 2, episodeCount: 1, tellings: 3 },
    episodes: [
      {
        group,
        severity: "WARNING",
        from: hour(30),
        toldAt: hour(32),
        until: hour(34),
        endedBy: "RETURNED_LONG_ENOUGH",
        tellings: 3,
      },
    ],
    ...{ precision: 1, recall: 0.5, meanSecondsToTell: 7_200 },
  });
  expect(asked.length).toBeGreaterThanOrEqual(3);
  for (const { from, to } of asked) expect(Date.parse(to) - Date.parse(from)).toBeLessThanOrEqual(101 * HOUR_MS);
});

test("A rule over a metric of its own is evaluated again as it would have been, as it stands and changed", async () => {
  const [tenantId, nowMs] = [freshTenantId(), room.clock.ms];
  const rule = await makeRule(room, tenantId, { name: "metric", metric: countOf("order"), enabled: false });
  await storeEvents(
    room,
    [1, 2, 3].map((second) => eventRow(tenantId, "order", nowMs - 10 * 60_000 + second * 1_000)),
  );
  const span = { from: new Date(nowMs - 20 * 60_000).toISOString(), to: new Date(nowMs).toISOString() };
  const at = (minutes: number): string => new Date(nowMs + minutes * 60_000).toISOString();
  const answer = await simulate(tenantId, { rule, ...span });
  // Seen from the evaluation a minute after the events to the last whose five minutes hold them.
  expect(answer.data?.["result"]).toMatchObject({
    ...{ buckets: 20, seriesCount: 1, episodeCount: 1, tellings: 2, precision: null, recall: null },
    episodes: [{ group: [], toldAt: at(-9), until: at(-4), tellings: 2 }],
  });
  const changed = await simulate(tenantId, {
    rule,
    change: { condition: { direction: "ABOVE", threshold: 3 } },
    ...span,
  });
  expect(changed.data?.["result"]).toMatchObject({ buckets: 20, episodeCount: 0, tellings: 0 });
  expect((await simulate(freshTenantId(), { rule, ...span })).errors).toMatchObject([
    { extensions: { code: "NOT_FOUND", field: "rule" } },
  ]);
});

test.each<[string, string, object]>([
  ["BAD_INPUT", "rule", {}],
  ["BAD_INPUT", "rule", { rule: randomUUID(), draft: { name: "x" } }],
  ["NOT_FOUND", "rule", { rule: "nonsense" }],
])("What is to be simulated is one thing: %s at %s (%j)", async (code, field, variables) => {
  const answer = await simulate(freshTenantId(), { from: hour(0), to: hour(1), ...variables });
  expect(answer.errors).toMatchObject([{ extensions: { code, field } }]);
});
