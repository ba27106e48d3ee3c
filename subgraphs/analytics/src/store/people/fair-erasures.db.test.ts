import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources } from "@tessera/platform/testing/test-resources";

const world = openTestResources();
afterAll(() => world.close());

const INSERT = `INSERT INTO person_erasure (id, tenant_id, asked, reason, requested_by, requested_at, due_at)
  VALUES ($1, $2, $3, 'asked', 'USER:x', $4, $4)`;

describe("erasures of people", () => {
  test("are begun for every tenant in turn, however many one has and however long they have been due", async () => {
    const tenants = [freshTenantId(), freshTenantId(), freshTenantId()];
    const counts = [6, 4, 1];
    const owner = await world.owner.connect();
    // Rolled back: other tests' erasures stay theirs.
    await owner.query("BEGIN");
    await owner.query("DELETE FROM person_erasure");
    for (const [place, tenantId] of tenants.entries())
      for (let n = 0; n < (counts[place] ?? 0); n += 1)
        await owner.query(INSERT, [randomUUID(), tenantId, `user:${n}`, new Date(1_000_000 * (place + 1) + n)]);
    const begun: number[] = [];
    for (let atMs = 10_000_000; begun.length < 11; atMs += 1_000) {
      const claims = await owner.query<{ id: string; tenant_id: string }>(
        "SELECT id, tenant_id FROM claim_person_erasures_across_tenants($1, 60, 1)",
        [new Date(atMs)],
      );
      for (const { id, tenant_id } of claims.rows) {
        begun.push(tenants.findIndex((tenantId) => tenantId === tenant_id));
        await owner.query("UPDATE person_erasure SET due_at = NULL, lease_until = NULL WHERE id = $1", [id]);
      }
    }
    await owner.query("ROLLBACK");
    owner.release();
    expect(begun).toEqual([0, 1, 2, 0, 1, 0, 1, 0, 1, 0, 0]);
  });
});
