import { ABUSE_KINDS, ABUSE_SOURCE_KINDS, type ActiveThrottle } from "@tessera/contracts/abuse";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import type { ExchangeFailures } from "@tessera/platform/abuse/address-watch";
import { z } from "zod";
import { createTenantRoom, internal } from "./tenant-room.ts";

/** What is selected of a throttle that is to be enforced. */
export const THROTTLE_FIELDS = "kind level percent until source { kind id }";

/** Parses {@link THROTTLE_FIELDS}. */
export const throttleShape = z
  .object({
    kind: z.enum(ABUSE_KINDS),
    level: z.enum(["REDUCED", "BLOCKED"]),
    percent: z.number(),
    until: z.string(),
    source: z.object({ kind: z.enum(ABUSE_SOURCE_KINDS), id: z.string() }),
  })
  .transform(({ until, ...throttle }): ActiveThrottle => ({ ...throttle, untilMs: Date.parse(until) }));

const REPORT = `mutation ReportFailures($failures: [AuthenticationFailureInput!]!) {
  throttles: reportAuthenticationFailures(failures: $failures) { ${THROTTLE_FIELDS} }
}`;
const answer = z.object({ throttles: z.array(throttleShape) });

/** Builds the exchange with the tenant room, wherever it runs, for a process of this role; rejects when it gives no answer. */
export const createAskAbuse = (tenant: SubgraphConnection<GatewayCall>, role: string): ExchangeFailures => {
  const ask = createTenantRoom(tenant, role, internal);
  return async (refused) => {
    const failures = refused.map(({ atMs, ...failure }) => ({ ...failure, at: new Date(atMs).toISOString() }));
    return (await ask(answer, REPORT, { failures })).throttles;
  };
};
