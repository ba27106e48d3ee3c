import { expect } from "@jest/globals";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { PERMISSIONS, TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { usageRecordOf } from "../domain/usage-record.ts";
import { createWatchLimits } from "../operations/watch-limits.ts";
import { createLedgerStore } from "../store/ledger-store.ts";
import { createLimitStore } from "../store/limit-store.ts";
import { createTenantSubgraph } from "../subgraph.ts";
import { executionOf, type ExecutionParts } from "./executions.ts";

/** A moment in the middle of a month, a day and an hour. */
export const NOW = Date.parse("2026-11-20T12:30:00.000Z");

type Variables = Readonly<Record<string, unknown>>;

/** The tenant room with a clock of its own and one tenant of the tier TEAM, renewed before each test. */
export interface AdministrationRoom {
  readonly test: TestResources;
  readonly subgraph: Subgraph;
  nowMs: number;
  tenantId: TenantId;
  /** Holds every permission of the tenant. */
  manager: Caller;
  /** Holds every permission there is, of another tenant. */
  operator: Caller;
  renew(): Promise<void>;
  /** Asks, and expects no errors. */
  ask(caller: Caller, source: string, variables?: Variables): Promise<Record<string, unknown>>;
  /** Asks, and answers the code of the first error. */
  refusalOf(caller: Caller, source: string, variables?: Variables): Promise<unknown>;
  /** Writes executions into the ledger as its consumer does, limits included. */
  use(executions: readonly ExecutionParts[], of?: TenantId): Promise<void>;
  /** What was told of a tenant on a topic, in order. */
  told(topic: string, of?: TenantId): Promise<readonly Record<string, unknown>[]>;
}

const asksOf = (subgraph: Subgraph): Pick<AdministrationRoom, "ask" | "refusalOf"> => ({
  ask: async (caller, source, variables = {}) => {
    const { data, errors } = await askSubgraph(subgraph, caller, source, variables);
    expect(errors).toBeUndefined();
    return data ?? {};
  },
  refusalOf: async (caller, source, variables = {}) => {
    const { errors } = await askSubgraph(subgraph, caller, source, variables);
    return errors?.[0]?.extensions?.["code"];
  },
});

/** Opens {@link AdministrationRoom} over the engines of this test run. */
export const openAdministrationRoom = (): AdministrationRoom => {
  const test = openTestResources({ nowMs: () => room.nowMs });
  const subgraph = createTenantSubgraph(test.resources, { apiKeyPepper: "a pepper for tests, long enough to be one" });
  const operatorTenant = freshTenantId();
  const tenantId = freshTenantId();
  const room: AdministrationRoom = {
    ...{ test, subgraph, nowMs: NOW, tenantId, manager: callerWith(tenantId, TENANT_PERMISSIONS) },
    operator: { ...callerWith(operatorTenant, PERMISSIONS), subject: { kind: "USER", id: "operator" } },
    ...asksOf(subgraph),
    renew: async () => {
      [room.nowMs, room.tenantId] = [NOW, freshTenantId()];
      const text = "INSERT INTO tenant (id, name, slug, tier) VALUES ($1::uuid, 'Test', $1::text, 'TEAM')";
      await test.owner.query(text, [room.tenantId]);
      room.manager = callerWith(room.tenantId, TENANT_PERMISSIONS);
    },
    use: (executions, of = room.tenantId) =>
      test.resources.sql.transaction(of, async (transaction) => {
        const records = executions.map((parts) => usageRecordOf(executionOf(of, parts)));
        await createLedgerStore(test.resources.sql).record(transaction, of, records, 0);
        const limits = createLimitStore(test.resources);
        await createWatchLimits({ limits, nowMs: () => room.nowMs })(transaction, of);
      }),
    told: async (topic, of = room.tenantId) => {
      const text =
        "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
      const { rows } = await test.owner.query<{ payload: Record<string, unknown> }>(text, [of, topic]);
      return rows.map(({ payload }) => payload);
    },
  };
  return room;
};

const limitsShape = z.object({
  limits: z.array(z.looseObject({ metric: z.string(), hard: z.unknown(), standing: z.string() })),
});

/** One metric of an answer about limits. */
export const limitOf = (limits: unknown, metric: string) =>
  limitsShape.parse(limits).limits.find((one) => one.metric === metric);

/** The question what holds for a tenant. */
export const LIMITS = `query ($tenantId: ID) { limits(tenantId: $tenantId) {
  tier features limits { metric hard standing } overrides { metric scope } } }`;

/** The change of limits. */
export const SET_LIMITS = `mutation ($input: SetLimitsInput!) { setLimits(input: $input) {
  tier limits { metric hard standing levels { scope scopeId soft hard used standing fromTier graceUntil } } overrides { metric scope scopeId hard } } }`;

/** The question what was used. */
export const USAGE = `query ($interval: UsageIntervalInput!, $granularity: UsageGranularity!, $dimensions: [UsageDimension!]!, $filter: UsageFilterInput, $tenantId: ID) {
  usage(interval: $interval, granularity: $granularity, dimensions: $dimensions, filter: $filter, tenantId: $tenantId) {
    tenantId from to truncated rows { from kind operation subject { kind id } apiKeyId storageBytes measures { executions queries events costPoints rowsRead subscriptionMinutes exportBytes } }
    totals { executions queries events costPoints rowsRead } } }`;

const november = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };

/** Everything a tenant used in November, in one row. */
export const EVERYTHING = { interval: november, granularity: "TOTAL", dimensions: [] };
