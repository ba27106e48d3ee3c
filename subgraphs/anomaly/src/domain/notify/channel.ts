import type { TenantId } from "@tessera/contracts/ids";
import type { Digest } from "./digest.ts";
import type { QuietHours } from "./quiet-hours.ts";

/** Ways in which people are told, as in the SDL. */
export const CHANNEL_KINDS = ["EMAIL", "SLACK", "TEAMS", "PAGERDUTY", "OPSGENIE", "SMS", "WEBHOOK", "IN_APP"] as const;
/** One of {@link CHANNEL_KINDS}. */
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** Where a provider keeps its customers' data, which has a host of its own. */
export const REGIONS = ["US", "EU"] as const;
/** One of {@link REGIONS}. */
export type Region = (typeof REGIONS)[number];

/** How a gateway for short messages is asked to send one; in each text `{{to}}`, `{{text}}`, `{{from}}`, `{{id}}` and `{{secret}}` are put in. */
export interface SmsGateway {
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly contentType: "application/json" | "application/x-www-form-urlencoded";
  readonly body: string;
}

/** What a channel of each kind is told by, without what is secret of it. */
export type ChannelSettings =
  | { readonly kind: "EMAIL"; readonly recipients: readonly string[] }
  /** By an incoming webhook, whose address is the secret, or as a bot, whose token is, into a conversation. */
  | { readonly kind: "SLACK"; readonly by: "WEBHOOK" }
  | { readonly kind: "SLACK"; readonly by: "BOT"; readonly conversation: string }
  | { readonly kind: "TEAMS" }
  | { readonly kind: "PAGERDUTY"; readonly region: Region }
  | { readonly kind: "OPSGENIE"; readonly region: Region; readonly teams: readonly string[] }
  | {
      readonly kind: "SMS";
      readonly gateway: SmsGateway;
      readonly from: string;
      readonly numbers: readonly string[];
      readonly maxParts: number;
    }
  | { readonly kind: "WEBHOOK"; readonly by: "URL"; readonly url: string }
  /** By an endpoint of webhooks, which messages are handed over to. */
  | { readonly kind: "WEBHOOK"; readonly by: "ENDPOINT"; readonly endpointId: string }
  /** In the inboxes of these persons (`USER:id`); of everybody who may read of anomalies when there are none. */
  | { readonly kind: "IN_APP"; readonly persons: readonly string[] };

/** What is said in place of the built-in words. */
export interface Templates {
  readonly title: string | null;
  readonly body: string | null;
}

/** What a tenant says by every channel of a kind that has no words of its own; its time is milliseconds since the epoch. */
export interface TenantTemplates extends Templates {
  readonly kind: ChannelKind;
  readonly changedAtMs: number;
}

/** What a channel says: its own words, else its tenant's for its kind; null: the built-in ones. */
export const wordsOf = (own: Templates, tenants: Templates | null): Templates => ({
  title: own.title ?? tenants?.title ?? null,
  body: own.body ?? tenants?.body ?? null,
});

/** How many messages a channel takes within a sliding window. */
export interface RateCap {
  readonly messages: number;
  readonly windowSeconds: number;
}

/** Whether a channel is told: ACTIVE; PAUSED by somebody; DISABLED because what it is told by was refused for good. */
export type ChannelState = "ACTIVE" | "PAUSED" | "DISABLED";

/** A channel as somebody defines it. */
export interface ChannelDefinition {
  readonly name: string;
  readonly settings: ChannelSettings;
  readonly templates: Templates;
  readonly quietHours: QuietHours | null;
  readonly digest: Digest | null;
  readonly rateCap: RateCap;
}

/** A channel as it is kept; times are milliseconds since the epoch. */
export interface Channel extends ChannelDefinition {
  readonly tenantId: TenantId;
  readonly id: string;
  /** The last four characters of its secret; null when it has none, or one too short to tell any of. */
  readonly secretHint: string | null;
  readonly state: ChannelState;
  /** What the receiver said when it refused for good; null unless DISABLED. */
  readonly disabledBecause: string | null;
  readonly version: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** What channels are held to. */
export const CHANNEL_LIMITS = {
  /** Channels of a tenant: each may be told of every alert. */
  channels: 100,
  name: 200,
  /** Mailboxes of a channel: more are a mailing list's. */
  recipients: 50,
  /** Numbers of a channel: each is a message that somebody pays for. */
  numbers: 10,
  persons: 200,
  /** Characters of a secret: longer than any provider's. */
  secret: 2_048,
  /** Characters of a template. */
  template: 4_000,
  /** Header fields and characters that a gateway is asked with. */
  headers: 10,
  gatewayBody: 4_000,
  /** Parts of a short message: what is longer is cut. */
  smsParts: 10,
} as const;

/** How many messages a channel takes when nothing is said: more than people read in ten minutes. */
export const DEFAULT_RATE_CAP: RateCap = { messages: 30, windowSeconds: 600 };

/** Whether the receiver keeps incidents of its own, which each message opens, acknowledges or closes: nothing of theirs is put into one message. */
export const keepsIncidents = (kind: ChannelKind): boolean => kind === "PAGERDUTY" || kind === "OPSGENIE";

/** The last four characters of a secret that is long enough for them to tell nothing. */
export const hintOf = (secret: string): string | null => (secret.length >= 16 ? secret.slice(-4) : null);

/** What became of a channel that somebody defined. */
export type SavedChannel =
  | { readonly kind: "SAVED"; readonly channel: Channel }
  | { readonly kind: "NAME_TAKEN" }
  | { readonly kind: "LIMIT_REACHED" }
  | { readonly kind: "NOT_FOUND" }
  | { readonly kind: "STALE"; readonly channel: Channel };
