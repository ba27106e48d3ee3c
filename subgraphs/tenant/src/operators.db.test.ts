import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import { OPERATOR_ACCESS } from "@tessera/contracts/events/operator-access";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openAccessRoom, type AccessRoom } from "./testing/access-room.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2026-11-20T12:00:00.000Z");

let room: AccessRoom;
let tenantId: TenantId;
let owner: Caller;
let operator: Caller;

beforeAll(() => {
  room = openAccessRoom();
});
beforeEach(async () => {
  room.clock.nowMs = START_MS;
  tenantId = await room.newTenant();
  owner = room.ownerOf(tenantId);
  operator = {
    ...callerWith(await room.newTenant(), ["platform:operate"]),
    subject: { kind: "API_KEY", id: "operator00000000" },
  };
});
afterAll(() => room.test.close());

const at = (ms: number) => new Date(ms).toISOString();
const GRANT = `mutation ($input: GrantOperatorAccessInput!) { grantOperatorAccess(input: $input) { __typename
  ... on OperatorAccessGranted { grant { id breakGlass open permissions } } ... on PermissionsNotHeld { permissions } } }`;
const ENTER = `mutation ($id: ID!) { enterTenant(grantId: $id) { __typename ... on TenantEntered { tenantId secret apiKey { id expiresAt } } } }`;
const REVOKE = `mutation ($id: ID!) { revokeOperatorAccess(id: $id) { __typename ... on OperatorAccessRevoked { grant { open } } } }`;

const request = (change: object = {}) => ({
  input: {
    ...{ tenantId, operatorId: operator.subject.id, permissions: ["jobs:read"], reason: "a question of theirs" },
    ...{ until: at(START_MS + HOUR_MS), ...change },
  },
});
const granted = z.object({ grant: z.object({ id: z.string() }) });
const grant = async (change: object = {}): Promise<string> =>
  granted.parse(await room.ask(owner, GRANT, request(change))).grant.id;
const entered = z.object({ secret: z.string() });
const enter = async (id: string): Promise<string> => entered.parse(await room.ask(operator, ENTER, { id })).secret;
const toldTo = async (tenant: TenantId): Promise<readonly string[]> => {
  const text =
    "SELECT payload->>'change' AS change FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
  const { rows } = await room.test.owner.query<{ change: string }>(text, [tenant, OPERATOR_ACCESS]);
  return rows.map(({ change }) => change);
};

describe("an operator's grant", () => {
  it("lets the named operator act with its permissions, in the tenant that made it, and says so wherever it goes", async () => {
    const id = await grant();
    const secret = await enter(id);
    expect(await room.authenticate(secret)).toMatchObject({
      ...{ tenantId, permissions: ["jobs:read"], grantId: id, expiresAt: at(START_MS + HOUR_MS) },
    });
    expect(await toldTo(tenantId)).toEqual(["GRANTED", "USED"]);
    expect(await room.ask(owner, "{ operatorGrants { id open breakGlass operatorId reason } }")).toEqual([
      { id, open: true, breakGlass: false, operatorId: operator.subject.id, reason: "a question of theirs" },
    ]);
  });

  it("ends by itself, and what acts under it with it", async () => {
    const id = await grant();
    const secret = await enter(id);
    room.clock.nowMs = START_MS + HOUR_MS;
    expect(await room.authenticate(secret)).toBeNull();
    expect(await room.ask(operator, ENTER, { id })).toEqual({ __typename: "OperatorGrantNotFound" });
    expect(await room.ask(owner, "{ operatorGrants { open } }")).toEqual([{ open: false }]);
  });

  it("is revoked by the tenant at once, and what acts under it with it", async () => {
    const id = await grant();
    const secret = await enter(id);
    expect(await room.ask(owner, REVOKE, { id })).toEqual({
      __typename: "OperatorAccessRevoked",
      grant: { open: false },
    });
    expect(await room.authenticate(secret)).toBeNull();
    expect(await room.ask(operator, ENTER, { id })).toEqual({ __typename: "OperatorGrantNotFound" });
    await room.ask(owner, REVOKE, { id });
    expect(await toldTo(tenantId)).toEqual(["GRANTED", "USED", "REVOKED"]);
  });

  it("serves the operator it names alone, and is unknown to every other tenant", async () => {
    const id = await grant();
    const other: Caller = { ...operator, subject: { kind: "API_KEY", id: "operator11111111" } };
    for (const caller of [other, { ...operator, grantId: id }])
      expect(await room.ask(caller, ENTER, { id })).toEqual({ __typename: "OperatorGrantNotFound" });
    const stranger = room.ownerOf(operator.tenantId);
    expect(await room.ask(stranger, REVOKE, { id })).toEqual({ __typename: "OperatorGrantNotFound" });
    expect(await room.ask(stranger, "{ operatorGrants { id } }")).toEqual([]);
    expect(await enter(id)).toMatch(/^tsr_live_/);
  });

  it.each([
    ["more than eight hours", { until: at(START_MS + 8 * HOUR_MS + 1) }, "BAD_INPUT"],
    ["the past", { until: at(START_MS) }, "BAD_INPUT"],
    ["no reason", { reason: "  " }, "BAD_INPUT"],
    ["nobody", { operatorId: " " }, "BAD_INPUT"],
    ["decisions about access", { permissions: ["access:manage"] }, "BAD_INPUT"],
    ["letting others in", { permissions: ["operators:grant"] }, "BAD_INPUT"],
    ["permissions of the platform", { permissions: ["platform:tenants"] }, "BAD_INPUT"],
    ["a tenant that is not there", { tenantId: randomUUID() }, "NOT_FOUND"],
    ["a tenant of no id", { tenantId: "x" }, "NOT_FOUND"],
  ])("can't be made for %s", async (_what, change, code) => {
    expect(await room.ask(owner, GRANT, request(change))).toBe(code);
  });

  it("hands on nothing its author lacks, and needs its own permission", async () => {
    const reader = room.without(tenantId, "jobs:read");
    expect(await room.ask(reader, GRANT, request())).toMatchObject({ permissions: ["jobs:read"] });
    expect(await room.ask(room.without(tenantId, "operators:grant"), GRANT, request())).toBe("FORBIDDEN");
  });
});

describe("breaking the glass", () => {
  const breaker = (): Caller => ({ ...operator, permissions: new Set(["platform:operate", "platform:break-glass"]) });

  it("needs its own permission, lets in nobody but oneself, and is told to the tenant", async () => {
    expect(await room.ask(operator, GRANT, request())).toBe("NOT_FOUND");
    expect(await room.ask(breaker(), GRANT, request({ operatorId: "operator11111111" }))).toBe("BAD_INPUT");
    expect(await toldTo(tenantId)).toEqual([]);
    const answer = await room.ask(breaker(), GRANT, request());
    expect(answer).toMatchObject({ grant: { breakGlass: true, open: true } });
    expect(await toldTo(tenantId)).toEqual(["GRANTED"]);
    const secret = await enter(granted.parse(answer).grant.id);
    expect(await room.authenticate(secret)).toMatchObject({ tenantId });
    await room.ask(owner, REVOKE, { id: granted.parse(answer).grant.id });
    expect(await room.authenticate(secret)).toBeNull();
  });

  it("finds no tenant that is suspended", async () => {
    await room.test.owner.query("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", [tenantId]);
    expect(await room.ask(breaker(), GRANT, request())).toBe("NOT_FOUND");
  });
});

describe("an organisation", () => {
  it("tells its tenants each other's names and nothing else; a tenant that stands alone has none", async () => {
    const organisation = freshTenantId();
    await room.test.owner.query("INSERT INTO organisation (id, name) VALUES ($1, 'Group')", [organisation]);
    const sister = await room.newTenant();
    const text = "UPDATE tenant SET organisation_id = $1, name = $3 WHERE id = $2";
    await room.test.owner.query(text, [organisation, tenantId, "First"]);
    await room.test.owner.query(text, [organisation, sister, "Second"]);
    const asked = "{ organisation { id name tenantNames } }";
    const told = { id: organisation, name: "Group", tenantNames: ["First", "Second"] };
    expect(await room.ask(owner, asked)).toEqual(told);
    expect(await room.ask(room.ownerOf(sister), asked)).toEqual(told);
    expect(await room.ask(room.ownerOf(operator.tenantId), asked)).toBeNull();
    expect(JSON.stringify(await room.ask(owner, asked))).not.toContain(sister);
    expect(await room.ask(room.without(tenantId, "tenant:read"), asked)).toBe("FORBIDDEN");
  });
});
