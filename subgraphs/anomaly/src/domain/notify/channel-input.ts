import type { Severity } from "../alerts/alert.ts";
import type { Region } from "./channel.ts";

/** Days of the week, as in the SDL; their places are those of cron. */
export const WEEKDAYS = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"] as const;

type Maybe<T> = T | null | undefined;

/** Quiet hours as the graph delivers them. */
export interface QuietHoursInput {
  readonly from: string;
  readonly to: string;
  readonly weekdays?: Maybe<readonly (typeof WEEKDAYS)[number][]>;
  readonly timeZone: string;
  readonly except?: Maybe<Severity>;
}

/** A digest as the graph delivers it. */
export interface DigestInput {
  readonly cron?: Maybe<string>;
  readonly everyMinutes?: Maybe<number>;
  readonly timeZone?: Maybe<string>;
  readonly except?: Maybe<Severity>;
}

/** A channel as the graph delivers it: what it is told by under the name of its kind, and one of them. */
export interface ChannelInput {
  readonly name: string;
  readonly email?: Maybe<{ readonly recipients: readonly string[] }>;
  readonly slack?: Maybe<{
    readonly webhookUrl?: Maybe<string>;
    readonly botToken?: Maybe<string>;
    readonly conversation?: Maybe<string>;
  }>;
  readonly teams?: Maybe<{ readonly webhookUrl?: Maybe<string> }>;
  readonly pagerDuty?: Maybe<{ readonly routingKey?: Maybe<string>; readonly region?: Region }>;
  readonly opsgenie?: Maybe<{
    readonly apiKey?: Maybe<string>;
    readonly region?: Region;
    readonly teams?: Maybe<readonly string[]>;
  }>;
  readonly sms?: Maybe<{
    readonly url: string;
    readonly headers?: Maybe<readonly { readonly name: string; readonly value: string }[]>;
    readonly contentType?: "JSON" | "FORM";
    readonly body: string;
    readonly secret?: Maybe<string>;
    readonly from?: Maybe<string>;
    readonly numbers: readonly string[];
    readonly maxParts?: number;
  }>;
  readonly webhook?: Maybe<{
    readonly url?: Maybe<string>;
    readonly endpoint?: Maybe<string>;
    readonly secret?: Maybe<string>;
  }>;
  readonly inApp?: Maybe<{ readonly persons?: Maybe<readonly string[]> }>;
  readonly titleTemplate?: Maybe<string>;
  readonly bodyTemplate?: Maybe<string>;
  readonly quietHours?: Maybe<QuietHoursInput>;
  readonly digest?: Maybe<DigestInput>;
  readonly rateCap?: Maybe<{ readonly messages: number; readonly windowSeconds: number }>;
}
