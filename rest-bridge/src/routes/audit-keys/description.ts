import { Type } from "typebox";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const part = (name: string) => Type.String(from(`AuditKey.${name}`));

/** GET /.well-known/tessera-audit-keys. */
export const auditKeysDescription = {
  method: "get",
  path: "/.well-known/tessera-audit-keys",
  operationId: "getAuditKeys",
  tag: "Audit",
  summary: "Public keys with which audit seals are verified",
  answers: {
    200: {
      description: "A JWK set (RFC 7517), the newest key first.",
      mediaType: "application/jwk-set+json",
      schema: Type.Object(
        {
          keys: Type.Array(
            Type.Object({
              kid: part("kid"),
              kty: part("kty"),
              crv: part("crv"),
              x: part("x"),
              alg: part("alg"),
              use: part("use"),
            }),
            { description: "The keys." },
          ),
        },
        { title: "AuditKeys" },
      ),
    },
    304: { description: "Unchanged." },
  },
  refusals: [],
  authenticated: false,
} as const satisfies RouteDescription;
