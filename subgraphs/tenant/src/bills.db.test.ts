import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { openAdministrationRoom, type AdministrationRoom } from "./testing/administration-room.ts";
import { executionOf, type ExecutionParts } from "./testing/executions.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(120_000);

let room: AdministrationRoom;
beforeAll(() => {
  room = openAdministrationRoom();
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

const plan = {
  ...{ name: "Team", currency: "EUR", commitment: "5" },
  parts: [
    { kind: "FIXED", name: "Base", fee: "100" },
    { kind: "USAGE", name: "Events", metric: "EVENTS", included: "100", price: { model: "FLAT", unitPrice: "0.01" } },
  ],
};
const INVOICE = `query ($plan: BillingPlanInput) { simulateInvoice(month: "2026-11", plan: $plan) { month final currency subtotal creditsApplied total plan { name } lines { kind name metric quantity billable amount } } }`;
const invoiceShape = z.object({
  simulateInvoice: z.looseObject({ total: z.string(), lines: z.array(z.looseObject({ amount: z.string() })) }),
});

describe("bills", () => {
  const key = { kind: "API_KEY", id: "k1" } as const;
  const events = (count: number, parts: ExecutionParts = {}): ExecutionParts => ({
    ...{
      kind: "INGEST",
      startedAtMs: Date.parse("2026-11-10T00:00:00Z"),
      subject: key,
      ...parts,
      usage: { events: count, costPoints: 1 },
    },
  });

  it("an invoice is the ledger's month by a plan, and records that come again change nothing", async () => {
    const twice = executionOf(room.tenantId, events(1_100));
    await room.use([twice]);
    await room.use([twice]);
    await room.use([events(9_999, { startedAtMs: Date.parse("2026-10-31T23:59:59.999Z") })]);
    const { simulateInvoice } = await room.ask(room.manager, INVOICE, { plan });
    expect(simulateInvoice).toMatchObject({
      ...{ month: "2026-11", final: false, subtotal: "110.00", creditsApplied: "0.00", total: "110.00" },
      lines: [
        { kind: "FIXED", amount: "100.00", quantity: null },
        { kind: "USAGE", metric: "EVENTS", quantity: "1100", billable: "1000", amount: "10.00" },
      ],
    });
    room.nowMs = Date.parse("2026-12-01T00:00:00Z");
    expect(await room.ask(room.manager, INVOICE, { plan })).toMatchObject({ simulateInvoice: { final: true } });
  });

  it("credits that were drawn in earlier months are not there any more", async () => {
    const input = { tenantId: room.tenantId, fromMonth: "2026-10", plan };
    await room.ask(
      room.operator,
      "mutation ($input: SetBillingPlanInput!) { setBillingPlan(input: $input) { name parts { kind } } }",
      { input },
    );
    const credit = { tenantId: room.tenantId, amount: "150", currency: "EUR", fromMonth: "2026-10", note: "welcome" };
    const GRANT =
      "mutation ($input: GrantCreditInput!) { grantCredit(input: $input) { id amount fromMonth priority } }";
    expect(await room.ask(room.operator, GRANT, { input: credit })).toMatchObject({
      grantCredit: { fromMonth: "2026-10", priority: 100 },
    });
    // October: 100 and up to the commitment 5; 45 are left for November.
    const { simulateInvoice } = invoiceShape.parse(await room.ask(room.manager, INVOICE));
    expect(simulateInvoice).toMatchObject({ subtotal: "105.00", creditsApplied: "45.00", total: "60.00" });
    for (const caller of [room.manager, callerWith(room.tenantId, ["tenant:manage"])])
      expect(await room.refusalOf(caller, GRANT, { input: credit })).toBe("FORBIDDEN");
  });

  it.each(["TEAM", "API_KEY", "SUBJECT", "OPERATION"])("a chargeback by %s sums up to the invoice", async (by) => {
    const SET_TEAM = "mutation ($input: SetTeamInput!) { setTeam(input: $input) { name members { kind id } } }";
    await room.ask(room.manager, SET_TEAM, { input: { name: "Growth", members: [key] } });
    await room.use([events(700), events(400, { subject: { kind: "USER", id: "ada" }, operationName: "Other" })]);
    const CHARGEBACK = `query ($by: ChargebackBy!, $plan: BillingPlanInput) { chargeback(month: "2026-11", by: $by, plan: $plan) { by invoice { total } shares { name amount } } }`;
    const shape = z.object({
      chargeback: z.object({
        invoice: z.object({ total: z.string() }),
        shares: z.array(z.object({ name: z.string(), amount: z.string() })),
      }),
    });
    const { chargeback } = shape.parse(await room.ask(room.manager, CHARGEBACK, { by, plan }));
    const cents = chargeback.shares.map(({ amount }) => Math.round(Number(amount) * 100));
    expect(cents.reduce((total, one) => total + one, 0)).toBe(Math.round(Number(chargeback.invoice.total) * 100));
    // Ten of usage by events, seven elevenths of them; a hundred of fees by cost points, half of them.
    if (by === "TEAM")
      expect(chargeback.shares).toEqual([
        { name: "Growth", amount: "56.36" },
        { name: "(no team)", amount: "53.64" },
      ]);
  });

  it("know everybody in one team, however many changes come at once", async () => {
    const SET_TEAM = "mutation ($input: SetTeamInput!) { setTeam(input: $input) { name } }";
    const members = ["ada", "bob", "cyd"].map((id) => ({ kind: "USER", id }));
    const changes = Array.from({ length: 12 }, (_each, index) =>
      room.ask(room.manager, SET_TEAM, {
        input: { name: `Team ${index}`, members: index % 2 === 0 ? members : members.toReversed() },
      }),
    );
    await Promise.all(changes);
    const kept = await room.test.owner.query<{ subject_id: string; team: string }>(
      "SELECT subject_id, team FROM team_member WHERE tenant_id = $1 ORDER BY subject_id",
      [room.tenantId],
    );
    expect(kept.rows.map(({ subject_id }) => subject_id)).toEqual(["ada", "bob", "cyd"]);
    expect(new Set(kept.rows.map(({ team }) => team)).size).toBe(1);
  });

  it("are for those who may read them", async () => {
    expect(await room.refusalOf(callerWith(room.tenantId, ["tenant:read", "tenant:manage"]), INVOICE, { plan })).toBe(
      "FORBIDDEN",
    );
    expect(await room.refusalOf(room.manager, INVOICE, {})).toBe("NOT_FOUND");
  });
});
