import { parseTenantId } from "@tessera/contracts/ids";
import { isPermission } from "@tessera/contracts/permissions";
import { SUBJECT_KINDS, type Caller } from "@tessera/contracts/caller";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import type { VerifyApiKey } from "@tessera/platform/auth/authenticator";
import { dataPolicyShape } from "@tessera/platform/store/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { z } from "zod";
import { platformCaller } from "./platform-caller.ts";

const QUERY = `query Authenticate($keyId: ID!, $credentialHash: String!) {
  authenticate(keyId: $keyId, credentialHash: $credentialHash) { tenantId subject { kind id } permissions expiresAt
    roles networks dataPolicy grantId }
}`;

const answer = z.object({
  authenticate: z
    .object({
      tenantId: z.string(),
      subject: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
      permissions: z.array(z.string()),
      expiresAt: z.string().nullable(),
      roles: z.array(z.string()),
      networks: z.array(z.string()).nullable(),
      dataPolicy: z.string().nullable(),
      grantId: z.string().nullable(),
    })
    .nullable(),
});

const toCaller = (data: unknown): Caller | null => {
  const { authenticate } = answer.parse(data);
  if (authenticate === null) return null;
  const tenantId = parseTenantId(authenticate.tenantId);
  if (tenantId === null) throw new Error("The tenant room answered without a tenant.");
  const { subject, permissions, expiresAt, dataPolicy, roles, networks, grantId } = authenticate;
  return {
    tenantId,
    subject,
    permissions: new Set(permissions.filter(isPermission)),
    expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt),
    ...{ roles, networks, grantId },
    dataPolicy: dataPolicy === null ? null : dataPolicyShape.parse(JSON.parse(dataPolicy)),
  };
};

/** Verifies API keys by asking the tenant room, wherever it runs. */
export const createApiKeyVerifier = (tenant: SubgraphConnection<GatewayCall>, role: string): VerifyApiKey => {
  const caller = platformCaller(role, ["platform:authenticate"]);
  return async ({ keyId, credentialHash }) => {
    const result = await tenant.execute(
      { query: QUERY, operationName: "Authenticate", variables: { keyId, credentialHash } },
      { caller, traceId: newTraceId() },
    );
    if (result.errors !== undefined && result.errors.length > 0)
      throw refuse(
        "DEPENDENCY_UNAVAILABLE",
        "Credentials can't be verified at the moment.",
        { retryAfterSeconds: 1 },
        result.errors[0],
      );
    return toCaller(result.data);
  };
};
