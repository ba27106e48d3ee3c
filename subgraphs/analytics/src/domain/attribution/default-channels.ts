import type { FilterInput } from "../filter-input.ts";

/** A rule that names the channel of the touchpoints its filter lets through. */
export interface ChannelRuleInput {
  readonly channel: string;
  readonly filter: FilterInput;
}

/** Channel of touchpoints that came by themselves: no campaign, no page that led there. */
export const DIRECT_CHANNEL = "Direct";

const SEARCH = ["google", "bing", "yahoo", "duckduckgo", "baidu", "yandex", "ecosia", "qwant", "startpage"];
const SOCIAL = ["facebook", "instagram", "twitter", "x", "linkedin", "tiktok", "pinterest", "reddit", "youtube"];
const PAID = ["cpc", "ppc", "paid", "retargeting", "cpv", "cpa", "cpm", "paid_search", "paidsearch", "paid_social"];

const medium = (...values: readonly string[]): FilterInput => ({ field: "utmMedium", in: values });
const source = (values: readonly string[]): FilterInput => ({ field: "utmSource", in: values });
const ledBy = (values: readonly string[]): FilterInput => ({
  field: "referrer",
  matches: `^https?://([a-z0-9-]+\\.)*(${values.join("|")})\\.[a-z.]{2,6}([/:?]|$)`,
});
const none = (field: string): FilterInput => ({ field, exists: false });

/** Channels told apart when a question brings no rules of its own, in order; after the usual default groupings of web analytics. */
export const DEFAULT_CHANNELS: readonly ChannelRuleInput[] = [
  { channel: "Paid Search", filter: { and: [medium(...PAID), source(SEARCH)] } },
  { channel: "Paid Social", filter: { and: [medium(...PAID), source(SOCIAL)] } },
  { channel: "Paid Other", filter: medium(...PAID) },
  { channel: "Display", filter: medium("display", "banner", "interstitial", "expandable") },
  { channel: "Affiliates", filter: medium("affiliate", "affiliates", "partner") },
  { channel: "Email", filter: { or: [medium("email", "e-mail", "newsletter"), source(["email", "newsletter"])] } },
  { channel: "SMS and Push", filter: medium("sms", "push", "mobile", "notification") },
  { channel: "Organic Social", filter: { or: [medium("social", "social-network"), source(SOCIAL), ledBy(SOCIAL)] } },
  { channel: "Organic Search", filter: { or: [medium("organic"), source(SEARCH), ledBy(SEARCH)] } },
  {
    channel: DIRECT_CHANNEL,
    filter: { and: [none("utmSource"), none("utmMedium"), none("utmCampaign"), none("referrer")] },
  },
  { channel: "Referral", filter: { or: [medium("referral"), { field: "referrer", exists: true }] } },
];
