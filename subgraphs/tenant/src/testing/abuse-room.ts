import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { untilReadable } from "@tessera/platform/testing/readable-log";
import { z } from "zod";
import type { AbuseBounds } from "@tessera/contracts/abuse";
import { createAbuseWatch } from "../reactions/abuse-watch.ts";
import { createAbuseStore } from "../store/abuse-store.ts";
import type { AdministrationRoom } from "./administration-room.ts";
import { entryOf, executionOf, type ExecutionParts } from "./executions.ts";

/** Bounds that a test reaches with a few executions. */
export const SMALL_BOUNDS: AbuseBounds = { wrongKeys: 5, wrongCredentials: 10, pages: 4, costPoints: 1_000 };

/** The question what was noticed. */
export const EVENTS = `query ($filter: SecurityEventFilterInput, $first: Int, $after: Cursor, $tenantId: ID, $installation: Boolean) {
  securityEvents(filter: $filter, first: $first, after: $after, tenantId: $tenantId, installation: $installation) {
    nodes { id kind source { kind id } measured bound usual raisedAt windowFrom throttle { id level percent strikes until active } }
    pageInfo { hasNextPage endCursor } } }`;
/** The question who is held back. */
export const THROTTLES = `query ($activeOnly: Boolean, $installation: Boolean) { throttles(activeOnly: $activeOnly, installation: $installation) {
  id kind source { kind id } level percent strikes active until liftedAt liftReason liftedBy { kind id } } }`;
/** The change that ends a throttle. */
export const LIFT = `mutation ($input: LiftThrottleInput!) { liftThrottle(input: $input) { __typename
  ... on ThrottleLifted { throttle { id active liftedAt liftReason liftedBy { id } } } ... on ThrottleNotFound { id } ... on OwnThrottle { id } } }`;
/** The question what holds for a key. */
export const EFFECTIVE = `query ($tenantId: ID!, $id: ID!) { effectiveLimits(tenantId: $tenantId, subjectKind: API_KEY, subjectId: $id) {
  throttle { kind level percent until } } }`;

const eventsShape = z.object({
  securityEvents: z.object({
    nodes: z.array(z.looseObject({ id: z.string(), throttle: z.looseObject({ id: z.string() }).nullable() })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
const throttlesShape = z.object({ throttles: z.array(z.looseObject({ id: z.string() })) });

/** What tests of abuse do in a room. */
export const abuseIn = (room: AdministrationRoom) => {
  const watch = () => {
    const [executions, failures] = createAbuseWatch({
      ...room.test.resources,
      nowMs: () => room.nowMs,
      store: createAbuseStore(room.test.resources),
      bounds: SMALL_BOUNDS,
    });
    if (executions === undefined || failures === undefined) throw new Error("There are two consumers.");
    return { executions, failures };
  };
  return {
    watch,
    events: async (caller: Caller, variables = {}) =>
      eventsShape.parse(await room.ask(caller, EVENTS, variables)).securityEvents,
    throttles: async (caller: Caller, variables = {}) =>
      throttlesShape.parse(await room.ask(caller, THROTTLES, variables)).throttles,
    /** Executions that end now, told and consumed. */
    use: async (parts: readonly ExecutionParts[], of: TenantId = room.tenantId): Promise<void> => {
      const told = parts.map((part) => entryOf(executionOf(of, { startedAtMs: room.nowMs, ...part })));
      await room.test.resources.eventLog.append(told);
      await untilReadable(room.test.owner);
      await watch().executions.drain();
    },
  };
};

/** An execution of a key that costs something. */
export const spend = (costPoints: number, id = "spender"): ExecutionParts => ({
  subject: { kind: "API_KEY", id },
  usage: { costPoints },
});
