import type { TenantId } from "@tessera/contracts/ids";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import {
  newWebhookSecret,
  type NewWebhookSecret,
  type WebhookSignatureKind,
} from "@tessera/platform/signatures/standard-webhooks";
import { z } from "zod";
import type { ClaimedDelivery } from "../../store/webhooks/delivery-store.ts";
import type { KeptSecret } from "../../store/webhooks/endpoint-statements.ts";

/** What sealing works with. */
export interface SealingDeps {
  readonly keyRing: KeyRing;
  readonly newId: () => string;
  /** Bytes nobody can guess. */
  readonly randomBytes: (bytes: number) => Uint8Array;
}

/** A secret as it is kept, and as it is shown this once. */
export interface MadeSecret {
  readonly kept: KeptSecret;
  readonly shown: NewWebhookSecret & { readonly id: string };
}

/** What is sealed opens for this endpoint of this tenant alone. */
const purpose = (what: "secret" | "headers", tenantId: TenantId, endpointId: string): string =>
  `webhook-${what}:${tenantId}:${endpointId}`;

const headersSchema = z.record(z.string(), z.string());

/** Makes a secret of an endpoint. */
export const makeSecret = async (
  { keyRing, newId, randomBytes }: SealingDeps,
  tenantId: TenantId,
  endpointId: string,
  kind: WebhookSignatureKind,
): Promise<MadeSecret> => {
  const [id, made] = [newId(), newWebhookSecret(kind, randomBytes)];
  const sealed = await keyRing.seal(purpose("secret", tenantId, endpointId), made.secret);
  return { kept: { id, kind, sealed, publicKey: made.publicKey }, shown: { id, ...made } };
};

/** Seals the header fields of an endpoint; null when there are none. */
export const sealHeaders = async (
  { keyRing }: Pick<SealingDeps, "keyRing">,
  tenantId: TenantId,
  endpointId: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | null> =>
  Object.keys(headers).length === 0
    ? null
    : keyRing.seal(purpose("headers", tenantId, endpointId), JSON.stringify(headers));

/** Opens what an attempt needs of an endpoint. */
export const unseal =
  (keyRing: KeyRing) =>
  async ({
    endpoint,
    sealedHeaders,
    sealedSecrets,
  }: Pick<ClaimedDelivery, "endpoint" | "sealedHeaders" | "sealedSecrets">) => {
    const { tenantId, id } = endpoint;
    const open = (sealed: string): Promise<string> => keyRing.open(purpose("secret", tenantId, id), sealed);
    const secrets = await Promise.all(sealedSecrets.map(open));
    const headers = sealedHeaders === null ? "{}" : await keyRing.open(purpose("headers", tenantId, id), sealedHeaders);
    return { secrets, headers: headersSchema.parse(JSON.parse(headers)) };
  };
