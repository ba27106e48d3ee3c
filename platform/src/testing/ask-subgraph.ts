import { randomUUID } from "node:crypto";
import { graphql } from "graphql";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { z } from "zod";
import type { Subgraph } from "../graphql/subgraph.ts";
import { newTraceId } from "../telemetry/trace-context.ts";

const answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
});

/** A GraphQL answer as it would travel: plain JSON. */
export type SubgraphAnswer = z.infer<typeof answer>;

const fresh: TenantId[] = [];

/** A tenant id nobody has used, so that tests beside each other never meet. */
export const freshTenantId = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  fresh.push(tenantId);
  return tenantId;
};

/** The tenants that the test file has made so far. */
export const freshTenants = (): readonly TenantId[] => fresh;

/** An API key's caller with exactly these permissions. */
export const callerWith = (tenantId: TenantId, permissions: readonly Permission[]): Caller => ({
  tenantId,
  subject: { kind: "API_KEY", id: "0000000000000000" },
  permissions: new Set(permissions),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
});

/** Runs one operation in a subgraph as the gateway would for a verified caller. */
export const askSubgraph = async (
  subgraph: Subgraph,
  caller: Caller,
  source: string,
  variableValues: Readonly<Record<string, unknown>> = {},
): Promise<SubgraphAnswer> => {
  const contextValue = subgraph.contextFor({ caller, traceId: newTraceId() });
  const result = await graphql({ schema: subgraph.schema, source, variableValues, contextValue });
  return answer.parse(JSON.parse(JSON.stringify(result)));
};
