import type { GraphQLSchema } from "graphql";
import type { Caller } from "@tessera/contracts/caller";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import type { SubgraphConnection } from "../connections/connection.ts";
import type { FederationExecutor } from "../executor/federation-executor.ts";
import type { Admitted } from "../operations/admission.ts";
import type { GatewayCall } from "../operations/graphql-request.ts";
import type { ErrorMasking } from "../plugins/error-masking.ts";
import { readSubscriptionField } from "./subscription-field.ts";
import { openUpstream, type Subscriber, type Upstream } from "./upstream.ts";

/** A subscription that runs, or the errors it was refused with. */
export type Joined =
  | { readonly kind: "joined"; readonly leave: () => void }
  | { readonly kind: "refused"; readonly errors: readonly unknown[] };

/** The subscriptions running at subgraphs, each shared by all clients for whom it is the same. */
export interface SharedUpstreams {
  readonly join: (admitted: Admitted, caller: Caller, subscriber: Subscriber) => Joined;
  readonly open: () => number;
}

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = Object.entries(value);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, canonical(each)]),
  );
};

const permissionsOf = (caller: Caller): readonly string[] => [...caller.permissions].toSorted();

/**
 * Who asks on behalf of all readers: their tenant, permissions and data policy, no person and no key. What depends on one subject can so never reach
 * another; each reader's own expiry is watched at its socket.
 */
const scopeOf = (caller: Caller): Caller => ({
  tenantId: caller.tenantId,
  subject: { kind: "SERVICE", id: "shared-subscription" },
  permissions: caller.permissions,
  expiresAtMs: null,
  roles: caller.roles,
  dataPolicy: caller.dataPolicy,
  networks: null,
  grantId: caller.grantId,
});

/** Equal for subscriptions that may share: nothing but their tenant's same rights on the same graph tells them apart. */
const keyOf = ({ text, operationName, variables, generation }: Admitted, caller: Caller): string =>
  JSON.stringify([
    caller.tenantId,
    permissionsOf(caller),
    policyFingerprint(caller.dataPolicy),
    caller.grantId,
    generation,
    operationName ?? null,
    canonical(variables),
    text,
  ]);

/** Upstreams open, altogether and by tenant. */
const createCounts = (onCount: (open: number) => void) => {
  const perTenant = new Map<string, number>();
  let open = 0;
  return {
    all: () => open,
    of: (tenantId: string) => perTenant.get(tenantId) ?? 0,
    change: (tenantId: string, by: 1 | -1): void => {
      open += by;
      const left = (perTenant.get(tenantId) ?? 0) + by;
      if (left === 0) perTenant.delete(tenantId);
      else perTenant.set(tenantId, left);
      onCount(open);
    },
  };
};

interface Entry {
  readonly upstream: Upstream;
  readonly key: string;
}

/** Makes the register of upstreams over an executor; upstreams opened before a reload run on as they were planned. */
export const createSharedUpstreams = (deps: {
  readonly executor: Pick<FederationExecutor<GatewayCall>, "apiSchema" | "planSubscription">;
  readonly connections: ReadonlyMap<string, SubgraphConnection<GatewayCall>>;
  readonly masking: ErrorMasking;
  readonly maxUpstreamsPerTenant: number;
  readonly onDelivered: (messages: number) => void;
  readonly onCount: (open: number) => void;
}): SharedUpstreams => {
  const shared = new Map<string, Entry>();
  const counts = createCounts(deps.onCount);
  let alone = 0;

  const tooMany = (): Refusal =>
    refuse("TOO_MANY_SUBSCRIPTIONS", `A tenant may have ${deps.maxUpstreamsPerTenant} different subscriptions open.`, {
      limit: deps.maxUpstreamsPerTenant,
    });

  const openEntry = (key: string, admitted: Admitted, caller: Caller): Entry | { errors: readonly unknown[] } => {
    const { document, operation, operationName, variables } = admitted;
    const schema: GraphQLSchema = deps.executor.apiSchema();
    const field = readSubscriptionField(schema, document, operation, variables);
    if (field === null) return { errors: [refuse("BAD_INPUT", "The subscription has no root field.")] };
    if (counts.of(caller.tenantId) >= deps.maxUpstreamsPerTenant) return { errors: [tooMany()] };
    const plan = deps.executor.planSubscription({ document, operationName, variables });
    if (plan.kind === "refused") return { errors: plan.errors };
    const connection = deps.connections.get(plan.primary.service);
    if (connection === undefined) {
      return { errors: [refuse("SUBGRAPH_UNAVAILABLE", `The service "${plan.primary.service}" is not known.`)] };
    }
    const ownKey = field.beginsAlone || field.personal ? `${key}#${(alone += 1)}` : key;
    const upstream = openUpstream({
      connection,
      plan,
      field,
      call: { caller: field.personal ? caller : scopeOf(caller), traceId: newTraceId() },
      masking: deps.masking,
      onDelivered: deps.onDelivered,
      onEnd: () => {
        shared.delete(ownKey);
        counts.change(caller.tenantId, -1);
      },
    });
    const entry = { upstream, key: ownKey };
    shared.set(ownKey, entry);
    counts.change(caller.tenantId, 1);
    return entry;
  };
  return {
    join: (admitted, caller, subscriber) => {
      const key = keyOf(admitted, caller);
      const entry = shared.get(key) ?? openEntry(key, admitted, caller);
      if ("errors" in entry) return { kind: "refused", errors: entry.errors };
      entry.upstream.join(subscriber);
      return { kind: "joined", leave: () => entry.upstream.leave(subscriber) };
    },
    open: counts.all,
  };
};
