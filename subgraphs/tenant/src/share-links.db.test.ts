import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { SHARE_LINK_PREFIX } from "@tessera/platform/auth/api-key";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { assign, openAccessRoom, role, type AccessRoom } from "./testing/access-room.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: AccessRoom;
let tenantId: TenantId;
let owner: Caller;
beforeAll(async () => {
  room = openAccessRoom();
  tenantId = await room.newTenant();
  owner = room.ownerOf(tenantId);
});
afterAll(() => room.test.close());

const service: Caller = {
  ...callerWith(freshTenantId(), ["platform:authenticate"]),
  ...PLAIN_ACCESS,
  subject: { kind: "SERVICE", id: "analytics" },
};
const ISSUE = "mutation ($input: IssueShareLinkInput!) { issueShareLink(input: $input) { id secret } }";
const END = "mutation ($tenantId: ID!, $id: ID!) { endShareLink(tenantId: $tenantId, id: $id) }";
const DAY_MS = 86_400_000;
const later = (ms: number): string => new Date(room.clock.nowMs + ms).toISOString();

const issue = (sharerId: string, rest: object = {}): Promise<unknown> =>
  room.ask(service, ISSUE, {
    input: {
      ...{ tenantId, sharerKind: "API_KEY", sharerId, needs: ["analytics:read"], rowFilters: [], masks: [] },
      ...{ expiresAt: later(DAY_MS), ...rest },
    },
  });
const issued = async (sharerId: string, rest: object = {}) =>
  z.object({ id: z.string(), secret: z.string() }).parse(await issue(sharerId, rest));
const germany = { column: "COUNTRY", operator: "IN", values: ["DE"] };
const reader = () => room.makeKey(owner, { permissions: ["analytics:read", "ml:read", "dashboards:edit"] });

describe("a share link", () => {
  it("lets in whoever presents it, with nothing but what is shared, under its own policy and those of who shared it", async () => {
    const { apiKey } = await reader();
    const link = await issued(apiKey.id, { rowFilters: [germany], masks: [{ column: "CITY", mask: "NULL" }] });
    expect(link.secret.startsWith(`${SHARE_LINK_PREFIX}${link.id}_`)).toBe(true);
    const shown = { tenantId, permissions: ["dashboards:shared"], roles: [], networks: null, grantId: null };
    expect(await room.authenticate(link.secret)).toEqual({
      ...{ ...shown, expiresAt: later(DAY_MS) },
      dataPolicy: expect.stringContaining(`"allow":{"country":["DE"]}`),
    });
    const policy = {
      ...{ name: "web only", subjects: [{ kind: "API_KEY", id: apiKey.id }] },
      rowFilters: [{ column: "SOURCE", operator: "IN", values: ["web"] }],
    };
    const SAVE = "mutation ($input: DataPolicyInput!) { saveDataPolicy(input: $input) { __typename } }";
    expect(await room.ask(owner, SAVE, { input: policy })).toEqual({ __typename: "DataPolicySaved" });
    const both = z.object({ dataPolicy: z.string() }).parse(await room.authenticate(link.secret)).dataPolicy;
    expect(JSON.parse(both)).toMatchObject({
      ...{ allow: { country: ["DE"], source: ["web"] }, masks: { city: { kind: "NULL" } } },
    });
  });

  it("is nobody's as soon as who shared it may no longer do what it needs, and is somebody's again when they may", async () => {
    const { apiKey } = await room.makeKey(owner);
    const ASSIGN = "mutation ($input: AssignRolesInput!) { assignRoles(input: $input) { __typename } }";
    const CREATE = "mutation ($input: RoleInput!) { createRole(input: $input) { __typename } }";
    await room.ask(owner, CREATE, role("readers", "analytics:read"));
    expect(await issue(apiKey.id)).toBe("FORBIDDEN");
    await room.ask(owner, ASSIGN, assign(apiKey.id, "readers"));
    const { secret } = await issued(apiKey.id);
    expect(await room.authenticate(secret)).toMatchObject({ permissions: ["dashboards:shared"], roles: ["readers"] });
    await room.ask(owner, ASSIGN, assign(apiKey.id));
    expect(await room.authenticate(secret)).toBeNull();
    await room.ask(owner, ASSIGN, assign(apiKey.id, "readers"));
    expect(await room.authenticate(secret)).not.toBeNull();
    const REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }";
    await room.ask(owner, REVOKE, { id: apiKey.id });
    expect(await room.authenticate(secret)).toBeNull();
  });

  it("ends when it is ended, when its time is over and with its tenant; another secret of its id is nobody's", async () => {
    const { apiKey } = await reader();
    const [one, other] = [await issued(apiKey.id), await issued(apiKey.id, { expiresAt: later(1_000) })];
    expect(await room.authenticate(one.secret.replace(one.id, other.id))).toBeNull();
    expect(await room.ask(service, END, { tenantId: await room.newTenant(), id: one.id })).toBe(false);
    expect(await room.authenticate(one.secret)).not.toBeNull();
    expect(await room.ask(service, END, { tenantId, id: one.id })).toBe(true);
    expect(await room.ask(service, END, { tenantId, id: one.id })).toBe(true);
    expect(await room.authenticate(one.secret)).toBeNull();
    expect(await room.authenticate(other.secret)).not.toBeNull();
    room.clock.nowMs += 1_001;
    expect(await room.authenticate(other.secret)).toBeNull();
    const last = await issued(apiKey.id);
    await room.test.owner.query("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", [tenantId]);
    expect(await room.authenticate(last.secret)).toBeNull();
    await room.test.owner.query("UPDATE tenant SET state = 'ACTIVE' WHERE id = $1", [tenantId]);
  });

  it.each([
    [{ expiresAt: "2026-11-20T11:59:59.000Z" }, "BAD_INPUT"],
    [{ expiresAt: "2027-02-19T00:00:00.000Z" }, "BAD_INPUT"],
    [{ rowFilters: [{ ...germany, operator: "AT_LEAST" }] }, "BAD_INPUT"],
    [{ masks: [{ column: "REVENUE", mask: "HASH" }] }, "BAD_INPUT"],
    [
      { rowFilters: [{ ...germany, values: Array.from({ length: 100 }, (_, at) => `${at}`.padStart(100, "x")) }] },
      "BAD_INPUT",
    ],
    [{ needs: ["access:manage"] }, "FORBIDDEN"],
    [{ sharerKind: "USER" }, "FORBIDDEN"],
    [{ sharerKind: "CLIENT" }, "FORBIDDEN"],
  ])("is not made, and leaves nothing that works: %#", async (rest, code) => {
    const { apiKey } = await reader();
    expect(await issue(apiKey.id, rest)).toBe(code);
    const working = "SELECT 1 FROM share_link WHERE sharer_id = $1 AND revoked_at IS NULL";
    expect((await room.test.owner.query(working, [apiKey.id])).rows).toEqual([]);
  });

  it("is made by the platform alone, and no key of a tenant can be told from it by the application: hashes are not read", async () => {
    expect(await room.ask(owner, END, { tenantId, id: "0123456789abcdef" })).toBe("FORBIDDEN");
    const read = room.test.resources.sql.run(
      tenantId,
      { name: "read-hash", text: "SELECT key_hash FROM share_link", params: [] },
      () => null,
    );
    await expect(read).rejects.toThrow();
  });
});
