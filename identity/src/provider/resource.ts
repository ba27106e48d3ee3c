import type { Client, KoaContextWithOIDC, ResourceServer } from "oidc-provider";
import type { Permission } from "@tessera/contracts/permissions";
import { isPermission } from "@tessera/contracts/permissions";
import { errors } from "./library.ts";
import { metadataOf } from "./client-metadata.ts";

/** Seconds an access token lives: short, since what it may is looked at again on each use but the token itself is not asked about. */
export const ACCESS_TOKEN_SECONDS = 600;

/** The permissions a client holds, out of its metadata. */
const permissionsOf = (client: Client): readonly Permission[] =>
  metadataOf(client, "permissions").split(" ").filter(isPermission);

/**
 * The one resource tokens are made for (RFC 8707): this installation's API. A client that asks for nothing gets all it holds; one that asks
 * for nothing it holds is refused.
 */
export const createResourceIndicators = (audience: string) => ({
  enabled: true,
  defaultResource: () => audience,
  useGrantedResource: () => true,
  getResourceServerInfo: (ctx: KoaContextWithOIDC, resource: string): ResourceServer => {
    const { client, params, route } = ctx.oidc;
    if (resource !== audience || client === undefined) throw new errors.InvalidTarget();
    const held = permissionsOf(client);
    if (route === "token" && params?.["grant_type"] === "client_credentials") {
      const asked = params["scope"];
      if (asked === undefined) params["scope"] = held.join(" ");
      else if (typeof asked !== "string" || !held.some((permission) => asked.split(" ").includes(permission)))
        throw new errors.InvalidScope(
          "the client holds none of these",
          typeof asked === "string" ? asked.slice(0, 200) : "",
        );
    }
    return {
      scope: held.join(" "),
      audience,
      accessTokenFormat: "jwt",
      accessTokenTTL: ACCESS_TOKEN_SECONDS,
      jwt: { sign: { alg: "ES256" } },
    };
  },
});
