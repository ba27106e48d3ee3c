import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { parseApiKey } from "@tessera/platform/auth/api-key";
import { createLongQueryStore } from "@tessera/platform/store/long-query-store";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { createTenantErasure } from "./jobs/erase-tenants.ts";
import { createLifecycleStore } from "./store/lifecycle-store.ts";
import { createTenantHistory } from "./store/tenant-history.ts";
import { EVERYTHING, openAdministrationRoom, USAGE, type AdministrationRoom } from "./testing/administration-room.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
// An erasure rewrites tables that other tests are filling: it waits for their merges.
jest.setTimeout(300_000);

const DAY_MS = 86_400_000;

let room: AdministrationRoom;
beforeAll(() => {
  room = openAdministrationRoom();
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

const CREATE = `mutation ($input: CreateTenantInput!) { createTenant(input: $input) { __typename ... on TenantCreated { tenant { id name slug state tier features deleteAt } } ... on SlugTaken { slug } } }`;
const step = (name: string) =>
  `mutation ($input: ${name === "deleteTenant" ? "DeleteTenantInput" : "TenantStepInput"}!) { ${name}(input: $input) { id state deleteAt } }`;
const createdShape = z.object({ createTenant: z.object({ tenant: z.object({ id: z.string() }) }) });

describe("the life of a tenant", () => {
  const slug = () => `t-${randomUUID().slice(0, 8)}`;
  const made = async (): Promise<TenantId> => {
    const answer = createdShape.parse(await room.ask(room.operator, CREATE, { input: { name: "New", slug: slug() } }));
    const id = parseTenantId(answer.createTenant.tenant.id);
    if (id === null) throw new Error("The tenant has no id.");
    return id;
  };

  it("made by an operator alone, of a tier, with a slug of its own", async () => {
    const input = {
      name: " New ",
      slug: slug(),
      tier: "TEAM",
      organisationId: randomUUID(),
      organisationName: "Group",
    };
    expect(await room.ask(room.operator, CREATE, { input })).toMatchObject({
      createTenant: {
        tenant: {
          name: "New",
          state: "ACTIVE",
          tier: "TEAM",
          features: ["long-queries"],
          deleteAt: null,
        },
      },
    });
    expect(await room.ask(room.operator, CREATE, { input })).toEqual({
      createTenant: { __typename: "SlugTaken", slug: input.slug },
    });
    expect(await room.refusalOf(room.manager, CREATE, { input: { ...input, slug: slug() } })).toBe("FORBIDDEN");
    expect(await room.refusalOf(room.operator, CREATE, { input: { ...input, slug: "No Slug" } })).toBe("BAD_INPUT");
  });

  it("suspended, resumed, marked for deletion and saved again: each step told once, and noted with who and why", async () => {
    const id = await made();
    const input = { tenantId: id, reason: "unpaid" };
    for (const name of ["suspendTenant", "suspendTenant", "resumeTenant"])
      await room.ask(room.operator, step(name), { input });
    const deleting = await room.ask(room.operator, step("deleteTenant"), { input: { ...input, graceDays: 7 } });
    expect(deleting).toMatchObject({
      deleteTenant: { state: "DELETING", deleteAt: new Date(room.nowMs + 7 * DAY_MS).toISOString() },
    });
    expect(await room.refusalOf(room.operator, step("suspendTenant"), { input })).toBe("CONFLICT");
    expect(await room.ask(room.operator, step("resumeTenant"), { input })).toMatchObject({
      resumeTenant: { state: "ACTIVE", deleteAt: null },
    });
    const history = await room.ask(
      room.operator,
      `query ($id: ID) { tenantHistory(tenantId: $id) { change detail by { kind id } } }`,
      { id },
    );
    const changes = z
      .object({ tenantHistory: z.array(z.looseObject({ change: z.string() })) })
      .parse(history).tenantHistory;
    expect(changes.map(({ change }) => change)).toEqual([
      "RESUMED",
      "DELETION_REQUESTED",
      "RESUMED",
      "SUSPENDED",
      "CREATED",
    ]);
    expect(changes[0]).toMatchObject({ detail: "unpaid", by: { kind: "USER", id: "operator" } });
    const events = await room.told("tenant.changed", id);
    expect(events.map((event) => event["change"])).toEqual(
      expect.arrayContaining(["CREATED", "SUSPENDED", "DELETION_REQUESTED"]),
    );
  });

  it("none of the keys of a tenant that is suspended or being deleted works, and all do again when it is resumed", async () => {
    const MAKE = `mutation { createApiKey(input: { name: "k", permissions: ["ml:read"] }) { ... on ApiKeyCreated { secret } } }`;
    const shape = z.object({ createApiKey: z.object({ secret: z.string() }) });
    const { createApiKey } = shape.parse(await room.ask(room.manager, MAKE));
    const service = callerWith(room.tenantId, ["platform:authenticate"]);
    const AUTHENTICATE = `query ($keyId: ID!, $credentialHash: String!) { authenticate(keyId: $keyId, credentialHash: $credentialHash) { tenantId } }`;
    const works = async () =>
      (await room.ask(service, AUTHENTICATE, { ...parseApiKey(createApiKey.secret) }))["authenticate"] !== null;
    const input = { tenantId: room.tenantId, reason: "x" };
    for (const name of ["suspendTenant", "deleteTenant"]) {
      expect(await works()).toBe(true);
      await room.ask(room.operator, step(name), { input });
      expect(await works()).toBe(false);
      await room.ask(room.operator, step("resumeTenant"), { input });
    }
    expect(await works()).toBe(true);
  });

  it.each([0, 91])("a grace of %i days is refused", async (graceDays) => {
    expect(
      await room.refusalOf(room.operator, step("deleteTenant"), {
        input: { tenantId: await made(), reason: "x", graceDays },
      }),
    ).toBe("BAD_INPUT");
  });

  it("erased from both stores when its grace is over, and not before; a tombstone stays, other tenants' rows stay", async () => {
    const { clickhouse } = testEngines();
    const access = { url: clickhouse.url, username: "tessera_jobs", password: clickhouse.passwords.tessera_jobs };
    const longQueries = createLongQueryStore(access);
    const history = createTenantHistory(room.test.resources.sql);
    const lifecycle = createLifecycleStore({ ...room.test.resources, history });
    const id = await made();
    const erasure = createTenantErasure({
      ...{ lifecycle, logger: room.test.resources.logger, nowMs: () => room.nowMs },
      eraseEvents: longQueries.eraseTenant,
    });
    const event = (of: TenantId) => ({
      ...{ tenant_id: of, event_id: randomUUID(), batch_id: randomUUID(), batch_row: 0, name: "view", sequence: 0 },
      ...{ time: "2026-11-20 11:00:00.000", received_at: "2026-11-20 11:00:00.000", user_id: "u" },
    });
    await room.test.writer.insert({
      table: "events",
      values: [event(id), event(room.tenantId)],
      format: "JSONEachRow",
    });
    await room.use([{ usage: { events: 3 } }], id);
    await room.ask(room.operator, step("deleteTenant"), { input: { tenantId: id, reason: "left", graceDays: 1 } });
    const counts = async (of: TenantId) => {
      const query = "SELECT count() AS c FROM tessera.events WHERE tenant_id = {t: String}";
      const rows = await (
        await room.test.storeOwner.query({ query, query_params: { t: of }, format: "JSONEachRow" })
      ).json();
      const stored = z.array(z.object({ c: z.coerce.number() })).parse(rows)[0]?.c;
      const kept = await room.test.owner.query<{ n: number }>(
        `SELECT (SELECT count(*) FROM tenant WHERE id = $1)::int + (SELECT count(*) FROM usage_record WHERE tenant_id = $1)::int
           + (SELECT count(*) FROM usage_hour WHERE tenant_id = $1)::int + (SELECT count(*) FROM event_log WHERE tenant_id = $1)::int AS n`,
        [of],
      );
      return { stored, kept: kept.rows[0]?.n };
    };
    room.nowMs += DAY_MS - 1;
    await erasure.runOnce();
    expect(await counts(id)).toMatchObject({ stored: 1 });
    room.nowMs += 1;
    await longQueries.eraseTenant(id);
    await erasure.runOnce();
    await erasure.runOnce();
    expect(await counts(id)).toEqual({ stored: 0, kept: 0 });
    expect(await counts(room.tenantId)).toMatchObject({ stored: 1, kept: 1 });
    const tombstones = await room.test.owner.query("SELECT erased_at FROM tenant_tombstone WHERE tenant_id = $1", [id]);
    expect(tombstones.rows).toEqual([{ erased_at: new Date(room.nowMs) }]);
    expect(await room.refusalOf(room.operator, USAGE, { ...EVERYTHING, tenantId: id })).toBe("NOT_FOUND");
    await longQueries.close();
  });
});
