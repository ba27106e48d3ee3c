import { refuse } from "@tessera/platform/errors/refusal";

/** A calendar month in UTC, which usage is billed by. */
export interface BillingMonth {
  /** `2026-11`. */
  readonly name: string;
  /** `2026-11-01`. */
  readonly firstDay: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** The month so many months after another. */
export const monthAfter = (month: BillingMonth, count: number): BillingMonth => {
  const first = new Date(month.fromMs);
  const from = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + count, 1));
  const to = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
  const firstDay = from.toISOString().slice(0, 10);
  return { name: firstDay.slice(0, 7), firstDay, fromMs: from.getTime(), toMs: to.getTime() };
};

/** Reads a month written `2026-11`; refuses anything else with BAD_INPUT. */
export const billingMonth = (text: string, field: string): BillingMonth => {
  if (!MONTH.test(text)) throw refuse("BAD_INPUT", "A month is written as 2026-11.", { field });
  return monthAfter({ name: text, firstDay: `${text}-01`, fromMs: Date.parse(`${text}-01T00:00:00Z`), toMs: 0 }, 0);
};
