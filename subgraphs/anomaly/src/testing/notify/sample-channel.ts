import type { Channel } from "../../domain/notify/channel.ts";
import { checkChannel } from "../../domain/notify/check-channel.ts";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import { parseTenantId } from "@tessera/contracts/ids";

/** Id of the delivery, and of the channel, that tests of sending are of. */
export const SAMPLE_DELIVERY = "01900000-0000-7000-8000-000000000001";

/** A channel as it would be kept, with its credential. */
export const channelOf = (input: ChannelInput): { readonly channel: Channel; readonly secret: string | null } => {
  const tenantId = parseTenantId(SAMPLE_DELIVERY);
  if (tenantId === null) throw new Error("This is the id of a tenant.");
  const { definition, secret } = checkChannel(input);
  const kept = { secretHint: null, state: "ACTIVE", disabledBecause: null, version: 1 } as const;
  return { channel: { ...definition, ...kept, tenantId, id: SAMPLE_DELIVERY, createdAtMs: 0, changedAtMs: 0 }, secret };
};
