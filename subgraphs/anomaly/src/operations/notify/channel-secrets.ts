import type { TenantId } from "@tessera/contracts/ids";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import { refuse } from "@tessera/platform/errors/refusal";
import { hintOf } from "../../domain/notify/channel.ts";
import type { KeptSecret } from "../../store/notify/channel-store.ts";

/** Seals and opens what channels are told by; what was sealed for one channel opens for no other. */
export interface ChannelSecrets {
  seal(tenantId: TenantId, channelId: string, secret: string): Promise<KeptSecret>;
  open(tenantId: TenantId, channelId: string, sealed: string): Promise<string>;
}

const purposeOf = (tenantId: TenantId, channelId: string): string => `notify-channel:${tenantId}:${channelId}`;

/** Builds {@link ChannelSecrets}; without a key ring it refuses with DEPENDENCY_UNAVAILABLE. */
export const createChannelSecrets = (keyRing: KeyRing | null): ChannelSecrets => {
  const ring = (): KeyRing => {
    if (keyRing !== null) return keyRing;
    throw refuse(
      "DEPENDENCY_UNAVAILABLE",
      "The operator has given this service no key ring (KEY_RING), without which no credential is kept.",
      { retryAfterSeconds: 3_600 },
    );
  };
  return {
    seal: async (tenantId, channelId, secret) => ({
      sealed: await ring().seal(purposeOf(tenantId, channelId), secret),
      hint: hintOf(secret),
    }),
    open: (tenantId, channelId, sealed) => ring().open(purposeOf(tenantId, channelId), sealed),
  };
};
