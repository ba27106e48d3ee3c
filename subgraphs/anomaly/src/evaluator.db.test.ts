import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createEvaluator } from "./jobs/evaluator.ts";
import { ruleCodec } from "./domain/rules/rule-codec.ts";
import { createEvaluationStore } from "./store/evaluation-store.ts";
import {
  anomaliesOf,
  eventRow,
  makeRule,
  openAnomalyRoom,
  rest,
  settleBreach,
  storeEvents,
  toldOf,
} from "./testing/anomaly-room.ts";
import type { AnomalyRoom } from "./testing/anomaly-room.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

const MINUTE_MS = 60_000;
/** Here alone rules are claimed as they are outside of tests, whoever's they are: no rule of the tests beside is due as early as this. */
const LONGER_AGO_MS = Date.parse("2019-03-01T12:00:00Z");
let room: AnomalyRoom;
let tenants: TenantId[] = [];

beforeAll(() => {
  room = openAnomalyRoom();
  room.clock.ms = LONGER_AGO_MS;
});
afterEach(async () => {
  await rest(room, tenants);
  tenants = [];
  room.clock.ms = LONGER_AGO_MS;
});
afterAll(() => room.close());

const worker: AnomalyRoom["worker"] = (parts = {}) => room.worker({ evaluations: room.evaluations, ...parts });
const newTenant = (): TenantId => {
  const tenantId = freshTenantId();
  tenants.push(tenantId);
  return tenantId;
};
const storeOrders = (tenantId: TenantId, orders: number, atMs = room.clock.ms - MINUTE_MS) =>
  storeEvents(
    room,
    Array.from({ length: orders }, () => eventRow(tenantId, "order", atMs)),
  );
const ask = (tenantId: TenantId, document: string, variables: object = {}) =>
  askSubgraph(room.subgraph, callerWith(tenantId, ["anomaly:read", "anomaly:manage", "anomaly:respond"]), document, {
    ...variables,
  });
const ruleOf = async (tenantId: TenantId, id: string) => {
  const fields =
    "version lastFailure breachedSince nextEvaluationAt lastEvaluation { outcome value samples from to } openAnomaly { id }";
  return (await ask(tenantId, `query ($id: ID!) { rule(id: $id) { ${fields} } }`, { id })).data?.["rule"];
};

describe("the evaluator", () => {
  test("raises an anomaly with its evidence and tells of it, once for a breach that lasts, and resolves it on return", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    const id = await makeRule(room, tenantId);
    const evaluate = worker();
    expect(await evaluate()).toBe(1);
    expect(await evaluate()).toBe(0);
    const fields = `state raisedAt lastSeenAt lastValue timesSeen rule { id } tenant { id } resolution { cause by { id } }
      evidence { value high side score because samples from to }`;
    const read = async () =>
      (await ask(tenantId, `{ anomalies { edges { node { ${fields} } } } }`)).data?.["anomalies"];
    const raised = {
      state: "FIRING",
      raisedAt: "2019-03-01T12:00:00.000Z",
      lastSeenAt: "2019-03-01T12:00:00.000Z",
      lastValue: 3,
      timesSeen: 1,
      rule: { id },
      tenant: { id: tenantId },
      resolution: null,
      evidence: {
        value: 3,
        high: 2,
        side: "ABOVE",
        score: 1.5,
        because: "3 against an upper bound of 2",
        samples: 3,
        from: "2019-03-01T11:55:00.000Z",
        to: "2019-03-01T12:00:00.000Z",
      },
    };
    expect(await read()).toEqual({ edges: [{ node: raised }] });
    room.clock.ms += MINUTE_MS;
    await evaluate();
    const seenAgain = { ...raised, timesSeen: 2, lastSeenAt: "2019-03-01T12:01:00.000Z" };
    expect(await read()).toEqual({ edges: [{ node: seenAgain }] });
    room.clock.ms += 10 * MINUTE_MS;
    await evaluate();
    const resolution = { cause: "METRIC_RETURNED", by: null };
    expect(await read()).toEqual({ edges: [{ node: { ...seenAgain, state: "RESOLVED", resolution } }] });
    const anomalies = await anomaliesOf(room, tenantId);
    expect(await toldOf(room, tenantId)).toEqual(anomalies.map((anomaly) => anomaly.id));
  });

  test("reads [now - window, now): the first moment counts, the last does not", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 1, room.clock.ms - 5 * MINUTE_MS - 1);
    await storeOrders(tenantId, 2, room.clock.ms - 5 * MINUTE_MS);
    await storeOrders(tenantId, 1, room.clock.ms - 1);
    await storeOrders(tenantId, 1, room.clock.ms);
    const id = await makeRule(room, tenantId);
    await worker()();
    expect(await ruleOf(tenantId, id)).toMatchObject({ lastEvaluation: { value: 3, samples: 3 } });
  });

  test("raises the next anomaly after a return, but none for a breach that was resolved by hand", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    await makeRule(room, tenantId);
    const evaluate = worker();
    await evaluate();
    const [first] = await anomaliesOf(room, tenantId);
    await ask(tenantId, "mutation ($id: ID!) { resolveAnomaly(id: $id) { __typename } }", { id: first?.id });
    room.clock.ms += MINUTE_MS;
    await evaluate();
    expect(await anomaliesOf(room, tenantId)).toMatchObject([{ state: "RESOLVED", times_seen: 1 }]);
    room.clock.ms += 10 * MINUTE_MS;
    await evaluate();
    await storeOrders(tenantId, 3);
    room.clock.ms += MINUTE_MS;
    await evaluate();
    expect(await anomaliesOf(room, tenantId)).toMatchObject([{ state: "RESOLVED" }, { state: "FIRING" }]);
    expect(await toldOf(room, tenantId)).toHaveLength(2);
  });

  test("keeps the reason when a metric can't be read, and tries again at the rule's next turn", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    const id = await makeRule(room, tenantId);
    const broken = { read: () => Promise.reject(refuse("QUERY_TIMEOUT", "The query ran longer than its time limit.")) };
    await worker({ metrics: broken })();
    expect(await ruleOf(tenantId, id)).toMatchObject({
      lastFailure: "The query ran longer than its time limit.",
      lastEvaluation: null,
      openAnomaly: null,
      nextEvaluationAt: "2019-03-01T12:01:00.000Z",
    });
    room.clock.ms += MINUTE_MS;
    await worker()();
    expect(await ruleOf(tenantId, id)).toMatchObject({ lastFailure: null, lastEvaluation: { outcome: "BREACHED" } });
  });
});

describe("several workers side by side", () => {
  test("evaluate each due rule once and raise each breach once", async () => {
    const reads: string[] = [];
    const counted = {
      read: (...[reader, metric, window]: Parameters<typeof room.metrics.read>) => {
        reads.push(`${reader.tenantId} ${metric.eventNames.join()}`);
        return room.metrics.read(reader, metric, window);
      },
    };
    const owners = [newTenant(), newTenant(), newTenant()];
    for (const tenantId of owners) {
      await storeOrders(tenantId, 3);
      for (let rule = 0; rule < 15; rule += 1) await makeRule(room, tenantId, { name: `rule ${rule}` });
    }
    const workers = Array.from({ length: 4 }, () => worker({ metrics: counted }));
    const claimed = await Promise.all(workers.map((evaluate) => evaluate()));
    const again = await Promise.all(workers.map((evaluate) => evaluate()));
    expect([...claimed, ...again].reduce((sum, claims) => sum + claims, 0)).toBe(45);
    expect(reads).toHaveLength(45);
    for (const tenantId of owners) {
      const anomalies = await anomaliesOf(room, tenantId);
      expect(new Set(anomalies.map((anomaly) => anomaly.rule_id)).size).toBe(15);
      expect(anomalies.map(({ state, times_seen }) => [state, times_seen])).toEqual(anomalies.map(() => ["FIRING", 1]));
      expect([...(await toldOf(room, tenantId))].toSorted()).toEqual(anomalies.map(({ id }) => id).toSorted());
    }
  });

  test("take rules of every tenant before the second of any", async () => {
    const [many, few] = [newTenant(), newTenant()];
    for (let rule = 0; rule < 6; rule += 1) await makeRule(room, many, { name: `rule ${rule}` });
    room.clock.ms += 1;
    await makeRule(room, few);
    const claims = await room.evaluations.claimDueAcrossTenants(room.clock.ms, room.clock.ms + LEASE_MS, 2);
    expect(claims.map(({ tenantId }) => tenantId).toSorted()).toEqual([many, few].toSorted());
  });

  test("take over the rule of a worker that died between claim and raise, once its lease ends", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    const id = await makeRule(room, tenantId);
    const nowMs = room.clock.ms;
    const [dead] = await room.evaluations.claimDueAcrossTenants(nowMs, nowMs + LEASE_MS, 10);
    if (dead === undefined) throw new Error("The rule is due.");
    expect(await worker()()).toBe(0);
    room.clock.ms += LEASE_MS - 1;
    expect(await worker()()).toBe(0);
    room.clock.ms += 1;
    expect(await worker()()).toBe(1);
    expect(await anomaliesOf(room, tenantId)).toHaveLength(1);
    // The dead one was only slow: what it settles now is dropped.
    expect(await settleBreach(room, dead, nowMs)).toEqual({ kind: "LEASE_LOST" });
    expect(await anomaliesOf(room, tenantId)).toMatchObject([{ rule_id: id, times_seen: 1 }]);
    expect(await toldOf(room, tenantId)).toHaveLength(1);
  });

  test("keep a rule for as long as they renew its lease, and are told that it is another's", async () => {
    const tenantId = newTenant();
    await makeRule(room, tenantId);
    const [slow] = await room.evaluations.claimDueAcrossTenants(room.clock.ms, room.clock.ms + LEASE_MS, 10);
    if (slow === undefined) throw new Error("The rule is due.");
    const renewed = () => room.evaluations.renewAcrossTenants([slow], room.clock.ms + LEASE_MS);
    for (let time = 0; time < 3; time += 1) {
      room.clock.ms += LEASE_MS - 1;
      expect([await renewed(), await worker()()]).toEqual([new Set([slow.leaseToken]), 0]);
    }
    room.clock.ms += LEASE_MS;
    expect([await worker()(), await renewed()]).toEqual([1, new Set()]);
  });
});

describe("a raise", () => {
  test("that can't be told of is not kept either, and follows at the next turn", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    await makeRule(room, tenantId);
    const { sql, eventLog } = room.engines.resources;
    const mute = { ...eventLog, appendAllWith: () => Promise.reject(new Error("cut off")) };
    await worker({ evaluations: createEvaluationStore({ sql, eventLog: mute, codec: ruleCodec }) })();
    expect([await anomaliesOf(room, tenantId), await toldOf(room, tenantId)]).toEqual([[], []]);
    room.clock.ms += MINUTE_MS;
    await worker()();
    const anomalies = await anomaliesOf(room, tenantId);
    expect(anomalies).toHaveLength(1);
    expect(await toldOf(room, tenantId)).toEqual(anomalies.map((anomaly) => anomaly.id));
  });

  test.each([
    ["changed", 'mutation ($id: ID!) { updateRule(id: $id, input: { name: "renamed" }) { __typename } }'],
    ["deleted", "mutation ($id: ID!) { deleteRule(id: $id) { __typename } }"],
  ])("of a rule that is %s while it is evaluated is dropped", async (_how, document) => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    const id = await makeRule(room, tenantId);
    const meanwhile = {
      read: async (...asked: Parameters<typeof room.metrics.read>) => {
        await ask(tenantId, document, { id });
        return room.metrics.read(...asked);
      },
    };
    await worker({ metrics: meanwhile })();
    expect(await anomaliesOf(room, tenantId)).toEqual([]);
  });

  test("beside an open anomaly of the same series is refused by the table itself", async () => {
    const tenantId = newTenant();
    await storeOrders(tenantId, 3);
    await makeRule(room, tenantId);
    await worker()();
    const copy = `INSERT INTO anomaly (tenant_id, id, rule_id, fingerprint, state, evidence, raised_at, last_seen_at, last_value)
      SELECT tenant_id, gen_random_uuid(), rule_id, fingerprint, 'FIRING', evidence, raised_at, last_seen_at, last_value FROM anomaly WHERE tenant_id = $1`;
    await expect(room.engines.owner.query(copy, [tenantId])).rejects.toThrow(/anomaly_one_open_per_series/);
  });
});

test("The background evaluator works until it is stopped, through failures, and its stop waits for the running look", async () => {
  const { logger } = room.engines.resources;
  let looks = 0;
  let [inside, enough] = [0, (): void => undefined];
  const seen = new Promise<void>((resolve) => (enough = resolve));
  const evaluateDue = async (): Promise<number> => {
    looks += 1;
    inside += 1;
    await new Promise((resolve) => setImmediate(resolve));
    inside -= 1;
    if (looks === 3) enough();
    if (looks === 1) return 5;
    if (looks === 2) throw new Error("down");
    return 0;
  };
  const evaluator = createEvaluator({ evaluateDue, full: 5, logger });
  await evaluator.start();
  await seen;
  await evaluator.stop();
  const after = looks;
  expect(inside).toBe(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(looks).toBe(after);
});
