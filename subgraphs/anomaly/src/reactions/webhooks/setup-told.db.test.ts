import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { SETUP_CHANGED, SETUP_KINDS } from "@tessera/contracts/events/setup-changed";
import type { TenantId } from "@tessera/contracts/ids";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { typesOfTopic } from "../../domain/webhooks/event-types.ts";
import { TOLD_ELSEWHERE, UNTOLD_TABLES } from "../../testing/untold-tables.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let engines: TestResources;
beforeAll(() => {
  engines = openTestResources();
});
afterAll(() => engines.close());

const rowsOf = async <Row>(text: string, row: z.ZodType<Row>): Promise<readonly Row[]> =>
  z.array(row).parse((await engines.owner.query(text)).rows);

/** Does one thing as the application does, bound to the tenant, in a transaction. */
const run = (tenantId: TenantId, text: string, params: readonly unknown[] = []): Promise<unknown> =>
  engines.resources.sql.transaction(tenantId, (within) =>
    within.run({ name: uuidOf(text), text, params }, (row) => row),
  );

const entry = z.object({ kind: z.string(), id: z.string().nullable(), change: z.string(), atMs: z.number() });
/** What the log has of a tenant's setup, in its order. */
const toldOf = async (tenantId: TenantId) => {
  const text = "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
  const { rows } = await engines.owner.query(text, [tenantId, SETUP_CHANGED]);
  return z
    .array(z.object({ payload: entry }))
    .parse(rows)
    .map(({ payload }) => payload);
};
const wordsOf = async (tenantId: TenantId) => (await toldOf(tenantId)).map(({ kind, change }) => `${kind} ${change}`);

describe("tables", () => {
  test("of tenants are told when they change, by a trigger or a topic, or left out with a reason: each of them in one way", async () => {
    const tables = await rowsOf(
      `SELECT c.relname AS name, EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'tell_setup') AS told
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname`,
      z.object({ name: z.string(), told: z.boolean() }),
    );
    const ways = tables.map(({ name, told }) => [
      name,
      [told, Object.hasOwn(TOLD_ELSEWHERE, name), Object.hasOwn(UNTOLD_TABLES, name)].filter(Boolean).length,
    ]);
    expect(ways.filter(([, count]) => count !== 1)).toEqual([]);
    const names = new Set(tables.map(({ name }) => name));
    const listed = [...Object.keys(TOLD_ELSEWHERE), ...Object.keys(UNTOLD_TABLES)];
    expect(listed.filter((name) => !names.has(name))).toEqual([]);
  });

  test("tell the kinds there are, and every kind is told by some table", async () => {
    const told = await rowsOf(
      "SELECT encode(tgargs, 'escape') AS args FROM pg_trigger WHERE tgname = 'tell_setup'",
      z.object({ args: z.string() }),
    );
    const kinds = told.map(({ args }) => args.split(String.raw`\000`)[0] ?? "");
    const all = kinds.flatMap((kind) =>
      kind === "=kind" ? ["METRIC", "SEGMENT", "SAVED_QUERY", "HIERARCHY", "DIMENSION"] : kind,
    );
    expect([...new Set(all)].toSorted()).toEqual([...SETUP_KINDS].toSorted());
  });
});

describe("what is set up", () => {
  const ROLE = "INSERT INTO custom_role (tenant_id, name, description, permissions, created_at, updated_at)";
  const role = `${ROLE} VALUES ($1, $2, '', '{ml:read}', now(), now())`;
  const tenant = async (): Promise<TenantId> => {
    const tenantId = freshTenantId();
    const text = "INSERT INTO tenant (id, name, slug) VALUES ($1, 'told', $2)";
    await engines.owner.query(text, [tenantId, `told-${tenantId.slice(0, 13)}`]);
    return tenantId;
  };

  test("is told as some one type of the catalogue, with its id and a word, and nothing that stands in it", async () => {
    const tenantId = await tenant();
    await run(tenantId, role, [tenantId, "support"]);
    const [told] = await toldOf(tenantId);
    expect(told).toEqual({ kind: "ROLE", id: "support", change: "MADE", atMs: expect.any(Number) });
    const types = typesOfTopic(SETUP_CHANGED).flatMap((type) => {
      const as = type.tell(told);
      return as === null ? [] : [{ name: type.name, subject: as.subject, data: as.data }];
    });
    const at = new Date(told?.atMs ?? 0).toISOString();
    expect(types).toEqual([
      { name: "role.changed", subject: "ROLE:support", data: { id: "support", change: "MADE", at } },
    ]);
  });

  test("is told to its tenant alone, once for a transaction, and not at all when it is taken back or nothing changed", async () => {
    const [tenantId, other] = [await tenant(), await tenant()];
    await run(tenantId, role, [tenantId, "support"]);
    const change = "UPDATE custom_role SET description = $2 WHERE tenant_id = $1";
    await run(tenantId, change, [tenantId, ""]);
    await engines.resources.sql.transaction(tenantId, async (within) => {
      for (const text of ["a", "b"]) {
        await within.run({ name: "told-change", text: change, params: [tenantId, text] }, (row) => row);
      }
    });
    const undone = engines.resources.sql.transaction(tenantId, async (within) => {
      const text = "DELETE FROM custom_role WHERE tenant_id = $1";
      await within.run({ name: "told-delete", text, params: [tenantId] }, (row) => row);
      throw new Error("Taken back.");
    });
    await expect(undone).rejects.toThrow("Taken back.");
    expect([await wordsOf(tenantId), await wordsOf(other)]).toEqual([["ROLE MADE", "ROLE CHANGED"], []]);
  });

  test("is not told as changed by what the platform keeps beside it: who looks at a rule, when a key was used", async () => {
    const tenantId = await tenant();
    const id = randomUUID();
    const rule = `INSERT INTO anomaly_rule (tenant_id, id, name, watch, detector, evaluation_interval_seconds, enabled, next_evaluation_at, created_at, updated_at)
      VALUES ($1, $2, 'r', '{"kind": "METRIC"}', '{}', 60, false, now(), now(), now())`;
    await run(tenantId, rule, [tenantId, id]);
    const look =
      "UPDATE anomaly_rule SET lease_token = gen_random_uuid(), next_evaluation_at = now() WHERE tenant_id = $1";
    await run(tenantId, look, [tenantId]);
    const key = `INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id)
      VALUES ($2, $1, 'k', sha256('x'), '{ml:read}', 'USER', 'x')`;
    await run(tenantId, key, [tenantId, tenantId.replaceAll("-", "").slice(0, 16)]);
    await run(tenantId, "UPDATE api_key SET last_used_at = now() WHERE tenant_id = $1", [tenantId]);
    expect(await wordsOf(tenantId)).toEqual(["RULE MADE", "API_KEY MADE"]);
    const remove = "UPDATE anomaly_rule SET deleted_at = now(), version = version + 1 WHERE tenant_id = $1";
    await run(tenantId, remove, [tenantId]);
    await run(tenantId, "UPDATE api_key SET revoked_at = now() WHERE tenant_id = $1", [tenantId]);
    expect(await wordsOf(tenantId)).toEqual(["RULE MADE", "API_KEY MADE", "RULE REMOVED", "API_KEY REMOVED"]);
  });

  test("is not told when it goes with its tenant", async () => {
    const tenantId = await tenant();
    await run(tenantId, role, [tenantId, "support"]);
    const leaving = "UPDATE tenant SET state = 'DELETING', delete_at = now() - interval '1 day' WHERE id = $1";
    await engines.owner.query(leaving, [tenantId]);
    await run(tenantId, "SELECT erase_tenant(now())");
    const left = await engines.owner.query("SELECT 1 FROM event_log WHERE tenant_id = $1", [tenantId]);
    expect(left.rows).toEqual([]);
  });

  test("is told as a plain reading of its rows has it, whatever is done to it", async () => {
    const DO = {
      define: "UPDATE semantic_definition SET version = version + 1, archived_at = NULL WHERE tenant_id = $1",
      archive: "UPDATE semantic_definition SET archived_at = coalesce(archived_at, now()) WHERE tenant_id = $1",
      nothing: "UPDATE semantic_definition SET version = version WHERE tenant_id = $1",
      drop: "DELETE FROM semantic_definition WHERE tenant_id = $1",
    };
    const make = `INSERT INTO semantic_definition (id, tenant_id, kind, name, version, created_by, created_at)
      VALUES ($2, $1, 'SEGMENT', 'buyers', 1, 'USER:x', now())`;
    const step = fc.constantFrom(...(["define", "archive", "nothing", "drop", "make"] as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (story) => {
        const tenantId = freshTenantId();
        let stands: "GONE" | "THERE" | "ARCHIVED" = "GONE";
        const expected: string[] = [];
        const tell = (word: string) => expected.push(`SEGMENT ${word}`);
        for (const one of ["make" as const, ...story]) {
          if (one === "make") {
            if (stands !== "GONE") continue;
            await run(tenantId, make, [tenantId, randomUUID()]);
            tell("MADE");
            stands = "THERE";
            continue;
          }
          // The application never drops a definition; whoever looks after the database may.
          await (one === "drop" ? engines.owner.query(DO.drop, [tenantId]) : run(tenantId, DO[one], [tenantId]));
          if (one === "define" && stands !== "GONE") {
            tell(stands === "ARCHIVED" ? "RESTORED" : "CHANGED");
            stands = "THERE";
          }
          if (one === "archive" && stands === "THERE") {
            tell("REMOVED");
            stands = "ARCHIVED";
          }
          if (one === "drop" && stands !== "GONE") {
            if (stands === "THERE") tell("REMOVED");
            stands = "GONE";
          }
        }
        expect(await wordsOf(tenantId)).toEqual(expected);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});
