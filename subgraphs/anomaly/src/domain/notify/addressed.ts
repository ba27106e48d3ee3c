import type { ChannelSettings } from "./channel.ts";
import { isMailbox } from "./kinds/email.ts";

/** The one person a delivery is for. */
export interface Recipient {
  readonly personId: string;
  /** Their mailbox or number; null: their inbox. */
  readonly address: string | null;
}

/** What names a recipient among a channel's. */
export const recipientKey = ({ personId, address }: Recipient): string =>
  `USER:${personId}${address === null ? "" : ` ${address}`}`;

/** What a channel is told by when one person is to be told; null: a channel of that kind can't tell them. */
export const addressedTo = (settings: ChannelSettings, { personId, address }: Recipient): ChannelSettings | null => {
  switch (settings.kind) {
    case "EMAIL":
      return address === null ? null : { ...settings, recipients: [address] };
    case "SMS":
      return address === null ? null : { ...settings, numbers: [address] };
    case "IN_APP":
      return { ...settings, persons: [`USER:${personId}`] };
    case "SLACK":
    case "TEAMS":
    case "PAGERDUTY":
    case "OPSGENIE":
    case "WEBHOOK":
      return null;
  }
};

/** Whether an address is one a channel of a kind can tell; an inbox has none. */
export const isAddressOf = (kind: ChannelSettings["kind"], address: string | null): boolean => {
  switch (kind) {
    case "EMAIL":
      return address !== null && isMailbox(address);
    case "SMS":
      return address !== null && /^\+[1-9]\d{6,14}$/u.test(address);
    default:
      return kind === "IN_APP" && address === null;
  }
};
