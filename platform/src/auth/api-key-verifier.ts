import { parseTenantId } from "@tessera/contracts/ids";
import { isPermission } from "@tessera/contracts/permissions";
import type { Caller } from "@tessera/contracts/caller";
import { z } from "zod";
import { refuse } from "../errors/refusal.ts";
import type { VerifyApiKey } from "./authenticator.ts";

/** The internal question of the edge processes; needs the permission `platform:authenticate`. */
export const AUTHENTICATE_DOCUMENT = `query Authenticate($keyId: ID!, $credentialHash: String!) {
  authenticate(keyId: $keyId, credentialHash: $credentialHash) { tenantId subject { kind id } permissions expiresAt }
}`;

/** Sends a GraphQL document to the subgraph that knows the keys, as a service caller; gives its whole answer. */
export type AskGraph = (document: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>;

const caller = z
  .object({
    tenantId: z.string(),
    subject: z.object({ kind: z.enum(["API_KEY", "USER", "SERVICE"]), id: z.string() }),
    permissions: z.array(z.string()),
    expiresAt: z.string().nullable(),
  })
  .transform((row, context): Caller => {
    const tenantId = parseTenantId(row.tenantId);
    const expiresAtMs = row.expiresAt === null ? null : Date.parse(row.expiresAt);
    if (tenantId === null || Number.isNaN(expiresAtMs)) {
      context.addIssue("The caller names no tenant or no time.");
      return z.NEVER;
    }
    const permissions = new Set(row.permissions.filter(isPermission));
    return { tenantId, subject: row.subject, permissions, expiresAtMs };
  });

const answer = z.object({
  data: z.object({ authenticate: caller.nullable() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/** Builds the lookup behind an authenticator from a way to ask the graph; an answer with errors is DEPENDENCY_UNAVAILABLE, never "unknown key". */
export const createApiKeyVerifier =
  (deps: { ask: AskGraph }): VerifyApiKey =>
  async ({ keyId, credentialHash }) => {
    const { data, errors = [] } = answer.parse(await deps.ask(AUTHENTICATE_DOCUMENT, { keyId, credentialHash }));
    const [error] = errors;
    if (error !== undefined || data === undefined || data === null)
      throw refuse(
        "DEPENDENCY_UNAVAILABLE",
        "The credential can't be verified at the moment.",
        { retryAfterSeconds: 2 },
        error,
      );
    return data.authenticate;
  };
