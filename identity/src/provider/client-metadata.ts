import type { AdapterPayload, Client } from "oidc-provider";
import type { OAuthClient } from "../clients/client-store.ts";

/** Scopes that concern the person who signs in; all other scopes are permissions. */
export const PERSON_SCOPES = ["openid", "profile", "email", "offline_access"] as const;

/** What of a client is ours beside the metadata of the standard. */
export const EXTRA_METADATA = ["tenant_id", "tenant_name", "permissions"] as const;

/** One of {@link EXTRA_METADATA} of a client as the library holds it; empty when it has none. */
export const metadataOf = (client: Client | undefined, name: (typeof EXTRA_METADATA)[number]): string => {
  const value = client?.metadata()[name];
  return typeof value === "string" ? value : "";
};

/** A client as the library wants it (OpenID Connect Dynamic Client Registration, section 2). */
export const clientMetadataOf = (client: OAuthClient): AdapterPayload => {
  const forPeople = client.kind !== "SERVICE";
  return {
    client_id: client.id,
    client_name: client.name,
    // The library asks for one; secrets are compared by their keyed hash, and nothing is ever signed with this.
    ...(client.secretHash === null ? {} : { client_secret: Buffer.from(client.secretHash).toString("base64url") }),
    token_endpoint_auth_method: client.kind === "PUBLIC" ? "none" : "client_secret_basic",
    application_type: client.kind === "PUBLIC" && !client.redirectUris.every(isHttps) ? "native" : "web",
    grant_types: forPeople ? ["authorization_code", "refresh_token"] : ["client_credentials"],
    response_types: forPeople ? ["code"] : [],
    redirect_uris: [...client.redirectUris],
    ...(forPeople ? { scope: PERSON_SCOPES.join(" ") } : {}),
    permissions: client.permissions.join(" "),
    dpop_bound_access_tokens: client.dpopRequired,
    tenant_id: client.tenantId,
    tenant_name: client.tenantName,
  };
};

const isHttps = (uri: string): boolean => uri.startsWith("https:");
