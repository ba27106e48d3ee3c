import { isMetered } from "../domain/limits.ts";
import { moneyText } from "../domain/billing/money.ts";
import type * as types from "../generated/resolvers.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

/** What a tenant used. */
export const Usage: types.UsageResolvers = {
  from: ({ question }) => timeText(question.fromMs),
  to: ({ question }) => timeText(question.toMs),
  granularity: ({ question }) => question.granularity,
  asOf: ({ asOfMs }) => timeText(asOfMs),
};

/** Usage of one bucket. */
export const UsageRow: types.UsageRowResolvers = {
  from: ({ fromMs }) => timeText(fromMs),
  subject: ({ subjectKind, subjectId }) =>
    subjectKind === null || subjectId === null ? null : { kind: kindOf(subjectKind), id: subjectId },
};

const KINDS = ["API_KEY", "USER", "SERVICE", "CLIENT", "LINK"] as const;
const kindOf = (text: string) => KINDS.find((kind) => kind === text) ?? "SERVICE";

/** One hour of the ledger. */
export const LedgerHour: types.LedgerHourResolvers = { hour: ({ hourMs }) => timeText(hourMs) };

/** A tenant's limits. */
export const TenantLimits: types.TenantLimitsResolvers = {
  tier: ({ tier }) => tierOf(tier),
  overrides: ({ set }) => set,
};

/** What holds for one subject. */
export const EffectiveLimits: types.EffectiveLimitsResolvers = { tier: ({ tier }) => tierOf(tier) };

const TIERS = ["FREE", "TEAM", "BUSINESS", "ENTERPRISE"] as const;
const tierOf = (text: string) => TIERS.find((tier) => tier === text) ?? "FREE";

/** One level of a limit. */
export const LimitLevel: types.LimitLevelResolvers = {
  graceUntil: ({ graceUntilMs }) => timeTextOrNull(graceUntilMs),
};

/** A limit that was set. */
export const SetLimit: types.SetLimitResolvers = {
  graceSeconds: ({ metric, graceSeconds }) => (isMetered(metric) ? graceSeconds : 0),
};

/** When a limit will be passed. */
export const LimitForecast: types.LimitForecastResolvers = {
  historyDays: ({ forecast }) => forecast?.model.days ?? 0,
  slopePerDay: ({ forecast }) => forecast?.model.slopePerDay ?? null,
  expectedAt: ({ forecast }) => timeTextOrNull(forecast?.expectedAtMs ?? null),
  earliestAt: ({ forecast }) => timeTextOrNull(forecast?.earliestAtMs ?? null),
  latestAt: ({ forecast }) => timeTextOrNull(forecast?.latestAtMs ?? null),
};

/** Something that was changed. */
export const TenantHistoryEntry: types.TenantHistoryEntryResolvers = { at: ({ atMs }) => timeText(atMs) };

/** A request for other capacity. */
export const ScaleRequest: types.ScaleRequestResolvers = {
  requestedAt: ({ requestedAtMs }) => timeText(requestedAtMs),
  decidedAt: ({ decidedAtMs }) => timeTextOrNull(decidedAtMs),
};

/** A credit of a tenant. */
export const BillingCredit: types.BillingCreditResolvers = {
  fromMonth: ({ fromMonth }) => fromMonth.slice(0, 7),
  expiresAt: ({ expiresAtMs }) => timeTextOrNull(expiresAtMs),
};

/** The invoice of a month. */
export const Invoice: types.InvoiceResolvers = {
  currency: ({ invoice }) => invoice.currency,
  lines: ({ invoice }) => invoice.lines.map((line) => ({ ...line, currency: invoice.currency })),
  subtotal: ({ invoice }) => moneyText(invoice.subtotal, invoice.currency),
  creditsApplied: ({ invoice }) => moneyText(invoice.creditsApplied, invoice.currency),
  total: ({ invoice }) => moneyText(invoice.total, invoice.currency),
};

/** One line of an invoice. */
export const InvoiceLine: types.InvoiceLineResolvers = {
  quantity: ({ quantity }) => quantity?.toFixed() ?? null,
  billable: ({ billable }) => billable?.toFixed() ?? null,
  amount: ({ amount, currency }) => moneyText(amount, currency),
};

/** An invoice, divided. */
export const Chargeback: types.ChargebackResolvers = {
  invoice: (billed) => billed,
  shares: ({ shares, invoice }) =>
    shares.map(({ name, amount }) => ({ name, amount: moneyText(amount, invoice.currency) })),
};
