import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { billedQuantities, billedUsage } from "../domain/billing/billed-usage.ts";
import { chargebackOf, type ChargebackShare, type ShareHolder } from "../domain/billing/chargeback.ts";
import { invoiceOf, type Credit, type Invoice, type InvoiceLine } from "../domain/billing/invoice.ts";
import { amount } from "../domain/billing/money.ts";
import { billingMonth, monthAfter, type BillingMonth } from "../domain/billing/month.ts";
import { checkedPlan, type Plan } from "../domain/billing/plan.ts";
import { displayName } from "../domain/input-text.ts";
import { totalUsage, type UsageMeasures, type UsageQuestion } from "../domain/usage.ts";
import { readPlan, type PlanText } from "../domain/billing/plan-text.ts";
import type { BillingStore, GrantedCredit, TeamMember } from "../store/billing-store.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import type { TenantHistory } from "../store/tenant-history.ts";
import type { TargetTenant } from "./target-tenant.ts";

/** Months an invoice looks back for what credits were drawn. */
const MAX_CREDIT_MONTHS = 60;
/** Keys and people one chargeback tells apart; further ones are told together. */
const MAX_SHARE_ROWS = 5_000;
/** Turn of a credit that names none. */
const DEFAULT_PRIORITY = 100;
/** Members of one team. */
const MAX_TEAM_MEMBERS = 1_000;

interface BillingDeps {
  readonly billing: BillingStore;
  readonly ledger: LedgerStore;
  readonly history: TenantHistory;
  readonly targetTenant: TargetTenant;
  readonly newId: () => string;
  readonly nowMs: NowMs;
}

/** An invoice with what it is for. */
export interface MonthInvoice {
  readonly tenantId: TenantId;
  readonly month: string;
  readonly plan: Plan;
  readonly invoice: Invoice;
  /** False while the month is not over: more usage may come. */
  readonly final: boolean;
}

/** A line of an invoice with the currency it is in. */
export type ShownLine = InvoiceLine & { readonly currency: string };

/** What usage of a share is told apart by. */
export type ChargebackBy = "TEAM" | "API_KEY" | "SUBJECT" | "OPERATION";

const wholeMonth = (month: BillingMonth, dimensions: UsageQuestion["dimensions"] = []): UsageQuestion => ({
  ...{ fromMs: month.fromMs, toMs: month.toMs, granularity: "TOTAL", dimensions },
  filter: { kinds: [], operations: [], subjects: [], apiKeys: [] },
});

const usageOf = async (deps: BillingDeps, tenantId: TenantId, month: BillingMonth) => {
  const question = wholeMonth(month);
  const used = totalUsage(await deps.ledger.usage(tenantId, question, 1));
  const [storage] = await deps.ledger.storage(tenantId, question);
  return billedUsage(await deps.billing.countUsers(tenantId, month.toMs), used, storage?.bytes ?? null);
};

const grantedIn = (credits: readonly GrantedCredit[], month: BillingMonth): readonly Credit[] =>
  credits
    .filter(({ fromMonth }) => fromMonth === month.firstDay)
    .map(({ id, currency, priority, expiresAtMs, amount: granted }) => ({
      ...{ id, currency, priority, expiresAtMs, balance: amount(granted) },
    }));

/** What is left of credits when a month begins: the months since the first one are billed again, each by its own plan. */
const creditsAt = async (deps: BillingDeps, tenantId: TenantId, month: BillingMonth): Promise<readonly Credit[]> => {
  const granted = await deps.billing.credits(tenantId);
  const first = granted.map(({ fromMonth }) => fromMonth).toSorted()[0];
  if (first === undefined || first > month.firstDay) return [];
  const oldest = monthAfter(month, -MAX_CREDIT_MONTHS);
  let at = first < oldest.firstDay ? oldest : billingMonth(first.slice(0, 7), "month");
  let left = grantedIn(granted, at);
  while (at.firstDay < month.firstDay) {
    const plan = await deps.billing.plan(tenantId, at.firstDay);
    if (plan !== null) left = invoiceOf(plan, await usageOf(deps, tenantId, at), left, at.toMs).creditsLeft;
    at = monthAfter(at, 1);
    left = left.concat(grantedIn(granted, at));
  }
  return left;
};

const invoiceFor = async (
  deps: BillingDeps,
  tenantId: TenantId,
  month: BillingMonth,
  given: Plan | null,
): Promise<MonthInvoice> => {
  const plan = given ?? (await deps.billing.plan(tenantId, month.firstDay));
  if (plan === null) throw refuse("NOT_FOUND", "The tenant has no plan in this month.", { field: "month" });
  const credits = await creditsAt(deps, tenantId, month);
  const invoice = invoiceOf(plan, await usageOf(deps, tenantId, month), credits, month.toMs);
  return { tenantId, month: month.name, plan, invoice, final: deps.nowMs() >= month.toMs };
};

const givenPlan = (text: PlanText | null | undefined): Plan | null =>
  text === null || text === undefined ? null : checkedPlan(readPlan(text, "plan"), "plan");

/** Builds `simulateInvoice`: the month's ledger billed by any plan; by the tenant's own when none is given. Nothing is kept. */
export const createSimulateInvoice =
  (deps: BillingDeps) =>
  async (
    caller: Caller,
    asked: {
      readonly month: string;
      readonly plan?: PlanText | null | undefined;
      readonly tenantId?: string | null | undefined;
    },
  ): Promise<MonthInvoice> => {
    const tenantId = await deps.targetTenant(caller, asked.tenantId);
    return invoiceFor(deps, tenantId, billingMonth(asked.month, "month"), givenPlan(asked.plan));
  };

const NOBODY = "(no team)";
const OTHERS = "(others)";

const holdersOf = async (
  deps: BillingDeps,
  tenantId: TenantId,
  month: BillingMonth,
  by: ChargebackBy,
): Promise<readonly ShareHolder[]> => {
  const dimensions = by === "OPERATION" ? (["OPERATION"] as const) : (["SUBJECT"] as const);
  const rows = await deps.ledger.usage(tenantId, wholeMonth(month, dimensions), MAX_SHARE_ROWS);
  const teams = by === "TEAM" ? await deps.billing.teams(tenantId) : [];
  const teamOf = new Map(teams.map((member) => [`${member.kind}:${member.id}`, member.team]));
  const groups = new Map<string, { readonly measures: UsageMeasures }[]>();
  rows.forEach((row, index) => {
    const subject = `${row.subjectKind}:${row.subjectId}`;
    const names: Readonly<Record<ChargebackBy, string>> = {
      TEAM: teamOf.get(subject) ?? NOBODY,
      API_KEY: row.subjectKind === "API_KEY" ? (row.subjectId ?? OTHERS) : OTHERS,
      SUBJECT: subject,
      OPERATION: row.operation === "" ? "(anonymous)" : (row.operation ?? OTHERS),
    };
    const name = index < MAX_SHARE_ROWS ? names[by] : OTHERS;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  });
  const named = [...groups].map(([name, group]) => ({ name, quantities: billedQuantities(totalUsage(group), null) }));
  return named.length > 0 ? named : [{ name: NOBODY, quantities: billedQuantities(totalUsage([]), null) }];
};

/** A month's invoice, divided. */
export interface Chargeback extends MonthInvoice {
  readonly by: ChargebackBy;
  /** Largest first; they sum up to the invoice. */
  readonly shares: readonly ChargebackShare[];
}

/** Builds `chargeback`: the month's invoice divided among teams, keys, subjects or operations by what each used. */
export const createChargeback =
  (deps: BillingDeps) =>
  async (
    caller: Caller,
    asked: {
      readonly month: string;
      readonly by: ChargebackBy;
      readonly plan?: PlanText | null | undefined;
      readonly tenantId?: string | null | undefined;
    },
  ): Promise<Chargeback> => {
    const tenantId = await deps.targetTenant(caller, asked.tenantId);
    const month = billingMonth(asked.month, "month");
    const billed = await invoiceFor(deps, tenantId, month, givenPlan(asked.plan));
    const shares = chargebackOf(billed.invoice, await holdersOf(deps, tenantId, month, asked.by));
    return { ...billed, by: asked.by, shares: shares.toSorted((a, b) => b.amount.comparedTo(a.amount)) };
  };

/** Builds `setBillingPlan`. */
export const createSetBillingPlan =
  (deps: BillingDeps) =>
  async (
    caller: Caller,
    request: { readonly tenantId: string; readonly fromMonth: string; readonly plan: PlanText },
  ): Promise<Plan> => {
    const tenantId = await deps.targetTenant(caller, request.tenantId);
    const plan = checkedPlan(readPlan(request.plan, "input.plan"), "input.plan");
    const month = billingMonth(request.fromMonth, "input.fromMonth");
    await deps.billing.setPlan(tenantId, month.firstDay, plan, deps.nowMs());
    const detail = `${plan.name} from ${month.name}`;
    await deps.history.note(tenantId, { change: "PLAN_SET", detail, by: caller.subject, atMs: deps.nowMs() });
    return plan;
  };

/** Builds `grantCredit`. */
export const createGrantCredit =
  (deps: BillingDeps) =>
  async (
    caller: Caller,
    request: {
      readonly tenantId: string;
      readonly amount: string;
      readonly currency: string;
      /** Default 100. */
      readonly priority?: number;
      readonly fromMonth: string;
      readonly expiresAt?: string | null | undefined;
      readonly note: string;
    },
  ): Promise<GrantedCredit> => {
    const tenantId = await deps.targetTenant(caller, request.tenantId);
    const wrong = (detail: string, field: string) => refuse("BAD_INPUT", detail, { field: `input.${field}` });
    if (!/^\d{1,12}(?:\.\d{1,4})?$/.test(request.amount) || amount(request.amount).lte(0))
      throw wrong("The amount is a positive decimal number.", "amount");
    if (!/^[A-Z]{3}$/.test(request.currency)) throw wrong("A currency is an ISO 4217 code.", "currency");
    const priority = request.priority ?? DEFAULT_PRIORITY;
    if (priority < 0 || priority > 1_000) throw wrong("A priority is 0 to 1,000.", "priority");
    const { amount: granted, currency } = request;
    const credit: GrantedCredit = {
      ...{ id: deps.newId(), amount: granted, currency, priority, note: displayName(request.note, "input.note") },
      fromMonth: billingMonth(request.fromMonth, "input.fromMonth").firstDay,
      expiresAtMs: request.expiresAt === null || request.expiresAt === undefined ? null : Date.parse(request.expiresAt),
    };
    if (!(await deps.billing.grant(tenantId, credit, deps.nowMs())))
      throw refuse("CONFLICT", "The tenant has as many credits as it may have.");
    const detail = `${granted} ${currency}: ${credit.note}`;
    await deps.history.note(tenantId, { change: "CREDIT_GRANTED", detail, by: caller.subject, atMs: deps.nowMs() });
    return credit;
  };

/** Builds `setTeam`: who a team's share of the bill is computed from. */
export const createSetTeam =
  (deps: BillingDeps) =>
  async (
    caller: Caller,
    request: { readonly name: string; readonly members: readonly Omit<TeamMember, "team">[] },
  ): Promise<readonly TeamMember[]> => {
    if (request.members.length > MAX_TEAM_MEMBERS)
      throw refuse("BAD_INPUT", `A team has at most ${MAX_TEAM_MEMBERS} members.`, { field: "input.members" });
    if (request.members.some(({ id }) => id === "" || id.length > 200))
      throw refuse("BAD_INPUT", "An id has 1 to 200 characters.", { field: "input.members" });
    const team = displayName(request.name, "input.name");
    await deps.billing.setTeam(caller.tenantId, team, request.members);
    return (await deps.billing.teams(caller.tenantId)).filter((member) => member.team === team);
  };
