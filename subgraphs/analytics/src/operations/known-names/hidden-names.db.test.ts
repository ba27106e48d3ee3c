import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { QUESTIONS } from "../../../testing/bad-input-questions.ts";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const HIDDEN = /secret|hush/;
const policy = (part: Partial<DataPolicy>): DataPolicy => ({
  ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {}, salt: "0".repeat(32) },
  ...part,
});
/** Ways not to see some events, or some of what they say. */
const POLICIES: Readonly<Record<string, DataPolicy>> = {
  "other countries": policy({ deny: { country: ["DE"] } }),
  "other names": policy({ allow: { name: ["view"] } }),
  "masked properties": policy({ deny: { country: ["DE"] }, masks: { properties: { kind: "NULL" } } }),
};

let world: TestResources;
let analytics: TestAnalytics;
/** A tenant that has events which no policy here shows, and its twin that never had any. */
let having: Caller;
let without: Caller;
const newTenant = (): Caller => callerWith(freshTenantId(), ["analytics:read"]);
const event = (name: string, country: string, properties: Record<string, unknown>): TestEvent => ({
  ...{ id: randomUUID(), name, country, properties, userId: "u1", sessionId: "s1" },
  timeMs: Date.parse("2026-11-05T00:00:00Z"),
});

beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
  [having, without] = [newTenant(), newTenant()];
  const seen = [event("view", "FR", { plan: "pro" }), event("view", "FR", { plan: "free" })];
  for (const { tenantId } of [having, without])
    await storeEvents(
      world.writer,
      tenantId,
      seen.map((one) => ({ ...one, id: randomUUID() })),
    );
  await storeEvents(world.writer, having.tenantId, [
    event("hush_order", "DE", { secret_plan: "hush", plan: "hush", nested: { secret_note: "hush" } }),
  ]);
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const ask = async (
  by: Caller,
  dataPolicy: DataPolicy,
  source: string,
  variables: Readonly<Record<string, unknown>>,
) => {
  const { data, errors } = await askSubgraph(analytics.subgraph, { ...by, dataPolicy }, source, variables);
  return {
    data,
    errors: errors?.map(({ message, extensions }) => [extensions?.["code"], extensions?.["field"], message]),
  };
};

/** What both twins answer; they have to answer the same, and nothing of what is hidden. */
const alike = async (dataPolicy: DataPolicy, source: string, variables: Readonly<Record<string, unknown>>) => {
  const [one, other] = [
    await ask(having, dataPolicy, source, variables),
    await ask(without, dataPolicy, source, variables),
  ];
  expect(one).toEqual(other);
  expect([one.errors, HIDDEN.test(JSON.stringify(one.data))]).toEqual([undefined, false]);
};

describe("what a data policy hides", () => {
  test.each(Object.entries(POLICIES))(
    "from a caller who sees %s is neither in the catalogue nor in the menu of dimensions, whatever it is asked for by",
    async (_what, dataPolicy) => {
      const source = `query ($prefix: String!, $event: String) { dimensions {
        catalogue(prefix: $prefix, event: $event) { edges { node { name events eventNames { name } } } pageInfo { hasNextPage } }
        eventNames(prefix: $prefix) { edges { node { name events } } pageInfo { hasNextPage } }
        properties { name } hasMoreProperties } }`;
      await alike(dataPolicy, source, { prefix: "" });
      await alike(dataPolicy, source, { prefix: "properties.secret" });
      await alike(dataPolicy, source, { prefix: "hush", event: "hush_order" });
    },
  );

  const policies = Object.entries(POLICIES);
  const asking = Object.entries(QUESTIONS)
    .filter(([, { filterAt }]) => filterAt !== null)
    .map(([question, kind], index) => ({ question, kind, policy: policies[index % policies.length] }));
  test.each(asking)(
    "is told by no slip of it and no number of it that `$question` is asked for",
    async ({ question, kind: { type, selection, input, filterAt }, policy: named }) => {
      const [, dataPolicy] = named ?? [];
      if (dataPolicy === undefined) throw new Error("There is a policy for each question.");
      const source = `query ($input: ${type}!) { ${question}(input: $input) { ${selection} } }`;
      const filter = {
        or: [
          { field: "properties.secret_paln", exists: true },
          { field: "properties.secret_plan", gt: 1 },
          { field: "name", eq: "hush_ordre" },
        ],
      };
      await alike(dataPolicy, source, { input: withAt(input, filterAt ?? [], filter) });
    },
  );
});

/** A value put at a place of an input. */
function withAt(at: unknown, [first, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (first === undefined) return value;
  const inner: unknown = typeof at === "object" && at !== null ? Reflect.get(at, first) : undefined;
  const put = withAt(inner, rest, value);
  if (typeof first === "number") return [put];
  return { ...(typeof at === "object" && at !== null ? at : {}), [first]: put };
}
