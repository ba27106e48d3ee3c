import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ROOT } from "../architecture/text-files.ts";
import { eventually } from "../testing/eventually.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

jest.setTimeout(60_000);

let instance: SharedTenant;
beforeAll(async () => {
  instance = await openTenant();
}, 120_000);

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${instance.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" },
  });
const graph = async (query: string): Promise<unknown> => {
  const answer = await ask("/graphql", { method: "POST", body: JSON.stringify({ query }) });
  return answer.json();
};
const list = z.object({
  records: z.array(
    z.looseObject({ execution_id: z.string(), operation_name: z.string().nullable(), hash: z.string() }),
  ),
  next_cursor: z.string().nullable(),
});
const listed = async (search: string) => list.parse(await (await ask(`/api/v2/audit${search}`)).json());
const verifyFile = (name: string, text: string, keys: string) => {
  const file = join(instance.home, name);
  writeFileSync(file, text);
  const script = join(ROOT, "scripts/verify-audit-export.mjs");
  return spawnSync(process.execPath, [script, file, "--keys", keys], { encoding: "utf8" });
};

describe("what callers did on a whole instance", () => {
  it("is recorded, listed over REST as over GraphQL, exported, and verified offline; a changed file is found out", async () => {
    await graph("query Noticed { whoAmI { expiresAt } }");
    await graph("query Noticed { job(id: 1) { id } }");
    const { records } = await eventually(async () => {
      const answer = await listed("?field=Query.whoAmI&first=5");
      expect(answer.records.length).toBeGreaterThan(0);
      return answer;
    });
    expect(records[0]).toMatchObject({ operation_name: "Noticed", kind: "query", decision: "allowed", code: null });
    const [{ execution_id, hash } = { execution_id: "", hash: "" }] = records;
    const told = await graph(`{ auditRecord(executionId: "${execution_id}") { hash sequence subject { kind } } }`);
    expect(told).toMatchObject({ data: { auditRecord: { hash, subject: { kind: "API_KEY" } } } });

    const keys = join(instance.home, "keys.json");
    writeFileSync(keys, await (await fetch(`${instance.url}/.well-known/tessera-audit-keys`)).text());
    const exported = await ask("/api/v2/audit/export");
    expect(exported.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    const text = await exported.text();
    const good = verifyFile("audit.ndjson", text, keys);
    expect(good.stdout).toContain(`of tenant ${instance.tenantId}`);
    expect(good.status).toBe(0);
    const changed = verifyFile(
      "changed.ndjson",
      text.replace('"operationName":"Noticed"', '"operationName":"Nothing"'),
      keys,
    );
    expect([changed.status, changed.stdout]).toEqual([1, expect.stringContaining("NOT VERIFIED, line ")]);
    expect(await graph("{ verifyAudit { __typename } }")).toEqual({
      data: { verifyAudit: { __typename: "AuditVerified" } },
    });
  });

  it("an export of a span of time is verified as well", async () => {
    const keys = join(instance.home, "keys.json");
    const from = new Date().toISOString();
    await graph("query Later { whoAmI { expiresAt } }");
    await eventually(async () => {
      const { records } = await listed(`?from=${from}&field=Query.whoAmI`);
      expect(records.map(({ operation_name }) => operation_name)).toContain("Later");
    });
    const text = await (await ask(`/api/v2/audit/export?from=${from}`)).text();
    expect(text).toContain('"operationName":"Later"');
    expect(text).not.toContain('"operationName":"Noticed"');
    const { status, stdout } = verifyFile("later.ndjson", text, keys);
    expect([status, stdout]).toEqual([0, expect.stringContaining("VERIFIED: ")]);
  });
});
