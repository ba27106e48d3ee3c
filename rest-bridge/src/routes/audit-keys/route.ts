import type { HttpServer } from "@tessera/platform/http/server";
import { serveDocument } from "@tessera/platform/http/static-document";
import type { PublicSigningKey } from "@tessera/platform/integrity/signing-key";
import { auditKeysDescription } from "./description.ts";

/** Adds the public keys of audit seals (RFC 7517) at their well-known address, open to anyone. */
export const registerAuditKeys = (
  server: HttpServer,
  deps: { readonly auditKeys: readonly PublicSigningKey[] },
): void =>
  serveDocument(server, {
    path: auditKeysDescription.path,
    mediaType: "application/jwk-set+json",
    content: () => JSON.stringify({ keys: deps.auditKeys }),
  });
