import { randomUUID } from "node:crypto";
import { z } from "zod";
import { parseRuleId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { refuse } from "@tessera/platform/errors/refusal";
import { askSubgraph, callerWith, freshTenants } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { Finding } from "../domain/detectors/detector.ts";
import { fingerprintOf, type JudgedSeries } from "../domain/rules/series.ts";
import { createSettleSeries } from "../domain/rules/settle-series.ts";
import { signalsOf } from "../domain/rules/step-series.ts";
import { evaluateDueRules, type EvaluatorDeps } from "../operations/evaluate-due-rules.ts";
import type { Claim, EvaluationStore, Settlement } from "../store/evaluation-store.ts";
import { lookAtLiveRules, type LiveLooker } from "../operations/look-at-live-rules.ts";
import type { MetricStore } from "../store/metric-store.ts";
import type { RulesPorts } from "../open-rules.ts";
import { createAnomalySubgraph } from "../subgraph.ts";
import { testPorts } from "./notify/notify-room.ts";
import { claimsOf } from "./claims-of.ts";
import { countOf } from "./definitions.ts";
import { evaluatingOver } from "./evaluating.ts";

/** A moment long past, at which clocks of these tests begin. */
export const LONG_AGO_MS = Date.parse("2020-03-01T12:00:00Z");

/** The anomaly room over the engines of the test run, with a clock the test moves. */
export interface AnomalyRoom {
  readonly engines: TestResources;
  readonly subgraph: Subgraph;
  readonly clock: { ms: number };
  readonly evaluations: EvaluationStore;
  readonly metrics: MetricStore;
  /** One more worker, which claims rules of this file's tenants alone; parts of it may be replaced. */
  worker(
    parts?: Partial<Pick<EvaluatorDeps, "metrics" | "evaluations" | "askAnalytics" | "accessOfSubject">>,
  ): () => Promise<number>;
  /** One more who looks at live rules. */
  looker(): LiveLooker;
  close(): Promise<void>;
}

/** What a room of the tests is given; its tenants are of the tier BUSINESS unless said otherwise. */
export type RoomPorts = Omit<RulesPorts, "tierOf"> & Partial<RulesPorts>;

/** What rules of metrics need of others: nothing; they are written also where nobody can tell whether their names were ever sent. */
const NOTHING_ASKED: RoomPorts = {
  askAnalytics: {
    watchedSeries: () => Promise.reject(refuse("DEPENDENCY_UNAVAILABLE", "No question is asked here.")),
    impactOf: () => Promise.reject(new Error("No question is asked here.")),
  },
  accessOfSubject: () => Promise.resolve(null),
};

/** Opens an {@link AnomalyRoom}; the event log is not started. */
export const openAnomalyRoom = (given: RoomPorts = NOTHING_ASKED): AnomalyRoom => {
  const ports: RulesPorts = { tierOf: () => Promise.resolve("BUSINESS"), ...given };
  const clock = { ms: LONG_AGO_MS };
  const engines = openTestResources({ nowMs: () => clock.ms });
  const evaluating = evaluatingOver(engines, ports);
  const { evaluations, metrics } = evaluating;
  const own = { ...evaluations, claimDueAcrossTenants: claimsOf(engines.owner, freshTenants) };
  return {
    engines,
    subgraph: createAnomalySubgraph(engines.resources, { ...testPorts(), ...ports }),
    clock,
    evaluations,
    metrics,
    worker: (parts = {}) => evaluateDueRules({ ...evaluating, evaluations: own, ...parts }),
    looker: () => lookAtLiveRules(evaluating),
    close: () => engines.close(),
  };
};

const stored = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** An event as a row of the event store. */
export const eventRow = (tenantId: TenantId, name: string, timeMs: number, more: Record<string, unknown> = {}) => ({
  tenant_id: tenantId,
  event_id: randomUUID(),
  batch_id: randomUUID(),
  name,
  time: stored(timeMs),
  received_at: stored(timeMs),
  user_id: "ada",
  properties: {},
  ...more,
});

/** Stores events for good. */
export const storeEvents = async (room: AnomalyRoom, rows: readonly object[]): Promise<void> => {
  if (rows.length > 0) await room.engines.writer.insert({ table: "events", values: [...rows], format: "JSONEachRow" });
};

const created = z.object({
  createRule: z.object({ __typename: z.literal("RuleSaved"), rule: z.object({ id: z.string() }) }),
});

/** Makes a rule that raises when more than `threshold` events of this name lie in the last five minutes. */
export const makeRule = async (
  room: AnomalyRoom,
  tenantId: TenantId,
  more: {
    readonly name?: string;
    readonly threshold?: number;
    readonly enabled?: boolean;
    readonly metric?: object;
  } = {},
): Promise<RuleId> => {
  const { name = "orders", threshold = 2, enabled = true, metric = countOf("order") } = more;
  const input = {
    name,
    enabled,
    metric,
    evaluationIntervalSeconds: 60,
    condition: { direction: "ABOVE", threshold, minimumSamples: 0 },
  };
  const document =
    "mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename ... on RuleSaved { rule { id } } } }";
  const answer = await askSubgraph(room.subgraph, callerWith(tenantId, ["anomaly:manage"]), document, { input });
  const id = parseRuleId(created.parse(answer.data).createRule.rule.id);
  if (id === null) throw new Error("A rule's id is a UUID.");
  return id;
};

const anomalyRows = z.array(
  z.object({ id: z.string(), rule_id: z.string(), state: z.string(), times_seen: z.number(), resolution: z.unknown() }),
);

/** The tenant's anomalies as they stand in the table, oldest first. */
export const anomaliesOf = async (room: AnomalyRoom, tenantId: TenantId) => {
  const text = "SELECT id, rule_id, state, times_seen, resolution FROM anomaly WHERE tenant_id = $1 ORDER BY id";
  return anomalyRows.parse((await room.engines.owner.query(text, [tenantId])).rows);
};

/** The ids of the anomalies the event log tells the tenant of, in its order. */
export const toldOf = async (room: AnomalyRoom, tenantId: TenantId): Promise<readonly string[]> => {
  const text = `SELECT payload->>'anomalyId' AS id FROM event_log WHERE tenant_id = $1 AND topic = 'anomaly.raised'
    ORDER BY transaction_id, sequence`;
  const { rows } = await room.engines.owner.query(text, [tenantId]);
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => id);
};

/** Puts the rules of these tenants to rest, so that the evaluators of the next test don't meet them. */
export const rest = async (room: AnomalyRoom, tenantIds: readonly TenantId[]): Promise<void> => {
  await room.engines.owner.query("UPDATE anomaly_rule SET enabled = false WHERE tenant_id = ANY($1)", [tenantIds]);
};

const leases = z.array(z.object({ lease_token: z.string() }));

/** Settles a breach found at `atMs` as the holder of a claim would. */
export const settleBreach = (room: AnomalyRoom, claim: Claim, atMs: number): Promise<Settlement> => {
  const settleSeries = createSettleSeries(room.engines.resources.newId);
  const finding: Finding = {
    ...{
      outcome: "ANOMALOUS" as const,
      score: 1.5,
      expected: null,
      low: null,
      high: 2,
      side: "ABOVE" as const,
      weighed: [],
    },
    because: "3 against an upper bound of 2",
  };
  const bucket = { atMs: atMs - 300_000, untilMs: atMs, value: 3, samples: 3, finding };
  const judged: JudgedSeries = {
    ...{ fingerprint: fingerprintOf(claim.ruleId, []), group: [], detector: null, recent: [], seenAtMs: atMs },
    outcomes: [{ kind: "JUDGED", bucket }],
  };
  return room.evaluations.settle(claim, {
    ...{ evaluation: null, breachedSinceMs: atMs, judgedUntilMs: atMs, warmUntilMs: null, seriesSeen: 1, keep: 1_000 },
    ...{ nextEvaluationAtMs: atMs, judged: [judged] },
    settle: (rule, series, { outcomes }) => settleSeries(rule, series, signalsOf(outcomes, atMs)),
  });
};

/** Lets a rule raise an anomaly now, whether or not it is due; it must not be in breach already. */
export const raise = async (room: AnomalyRoom, tenantId: TenantId, ruleId: RuleId): Promise<void> => {
  const text =
    "UPDATE anomaly_rule SET lease_token = gen_random_uuid() WHERE tenant_id = $1 AND id = $2 RETURNING lease_token";
  const { rows } = await room.engines.owner.query(text, [tenantId, ruleId]);
  const [lease] = leases.parse(rows);
  if (lease === undefined) throw new Error("There is no such rule.");
  const settled = await settleBreach(room, { tenantId, ruleId, leaseToken: lease.lease_token }, room.clock.ms);
  if (settled.kind !== "SETTLED" || settled.transitions === 0) throw new Error("The rule raised nothing.");
};
