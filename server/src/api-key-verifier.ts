import type { VerifyApiKey } from "@tessera/platform/auth/authenticator";
import { CALLER_FIELDS, type AskTenant } from "./ask-tenant.ts";

const QUERY = `query Authenticate($keyId: ID!, $credentialHash: String!) {
  caller: authenticate(keyId: $keyId, credentialHash: $credentialHash) { ${CALLER_FIELDS} }
}`;

/** Verifies API keys by asking the tenant room. */
export const createApiKeyVerifier =
  (ask: AskTenant): VerifyApiKey =>
  ({ keyId, credentialHash }) =>
    ask(QUERY, { keyId, credentialHash });
