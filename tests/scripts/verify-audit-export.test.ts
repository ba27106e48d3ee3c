import { afterAll, describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, type JsonValue } from "@tessera/platform/integrity/canonical-json";
import { growingTree, leafHash, nodesOf, type TreeHash } from "@tessera/platform/integrity/merkle-tree";
import { signingKeysOf } from "@tessera/platform/integrity/signing-key";
import { ROOT } from "../architecture/text-files.ts";

const keys = signingKeysOf(["the secret of a test, long enough for one"], "test");
const others = signingKeysOf(["the secret of somebody else, just as long"], "test");
const folder = mkdtempSync(join(tmpdir(), "tessera-audit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hex = (hash: TreeHash): string => Buffer.from(hash).toString("hex");
const tenantId = randomUUID();

/** An export as the documentation says it: `count` records, a seal behind every tenth, and the stretch from `begin` to `end`. */
const exported = async (count: number, begin = 0, end = count, signer = keys): Promise<string[]> => {
  const nodes = new Map<string, string>();
  const tree = growingTree(({ level, index }, hash) => nodes.set(`${level}/${index}`, hex(hash)));
  const around = (from: number, to: number) =>
    nodesOf({ begin: from, end: to }).map(({ level, index }) => nodes.get(`${level}/${index}`) ?? "");
  const lines: string[] = [];
  let [previousHash, previousSeal, newest, number]: [string, string | null, string, number] = [
    "0".repeat(64),
    null,
    "",
    0,
  ];
  for (let sequence = 0; sequence < count; sequence += 1) {
    const entry: JsonValue = {
      executionId: randomUUID(),
      code: null,
      startedAtMs: 1.5,
      fields: ["Query.ä\u20ac\ud83d\ude00", "\u007f"],
    };
    const document = { version: 1, tenantId, sequence, previousHash, recordedAtMs: sequence, entry };
    const hash = leafHash(canonicalJson(document));
    tree.append(hash);
    previousHash = hex(hash);
    const isInside = sequence >= begin && sequence < end;
    if (isInside) lines.push(JSON.stringify({ type: "record", document, hash: previousHash }));
    if ((sequence + 1) % 10 !== 0 && sequence + 1 !== count) continue;
    const head = { treeSize: sequence + 1, rootHash: hex(tree.root()), headHash: previousHash };
    const said = { version: 1, tenantId, number, ...head, previousSeal, keptFrom: 0, sealedAtMs: 1_000 };
    newest = await signer.sign("tessera-audit-seal+jws", canonicalJson(said));
    if (isInside) lines.push(JSON.stringify({ type: "seal", jws: newest }));
    previousSeal = createHash("sha256").update(newest).digest("hex");
    number += 1;
  }
  const frame = { begin, end, hashesBefore: around(0, begin), keys: signer.publicKeys };
  return [
    JSON.stringify({ type: "header", format: "tessera-audit-export/1", tenantId, ...frame }),
    ...lines,
    JSON.stringify({ type: "end", end, hashesAfter: around(end, count), seal: newest }),
  ];
};

const run = (lines: readonly string[], ...args: string[]): { readonly code: number | null; readonly said: string } => {
  const file = join(folder, `${randomUUID()}.ndjson`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, "scripts/verify-audit-export.mjs"), file, ...args],
    { encoding: "utf8" },
  );
  return { code: status, said: stdout + stderr };
};
const change = (lines: readonly string[], place: number, with_: (line: string) => string): string[] =>
  lines.map((line, index) => (index === place ? with_(line) : line));

describe("the offline verification of an audit export", () => {
  it.each([
    [37, 0, 37],
    [37, 5, 29],
    [37, 36, 37],
    [64, 16, 48],
    [1, 0, 1],
    [12, 12, 12],
  ])("verifies %i records, of which the file holds those from %i to before %i", async (count, begin, end) => {
    const { code, said } = run(await exported(count, begin, end));
    expect(said).toContain(`VERIFIED: ${end - begin} records from ${begin} to before ${end}`);
    expect(code).toBe(0);
  });

  it("verifies an export without a record", () => {
    const header = {
      type: "header",
      format: "tessera-audit-export/1",
      tenantId,
      begin: 0,
      end: 0,
      hashesBefore: [],
      keys: [],
    };
    const end = { type: "end", end: 0, hashesAfter: [], seal: null };
    expect(run([JSON.stringify(header), JSON.stringify(end)]).code).toBe(0);
  });

  it("finds every kind of tampering, and names the line", async () => {
    const lines = await exported(37);
    const [header = "", first = "", second = ""] = lines;
    const sealAt = lines.findIndex((line) => line.startsWith('{"type":"seal"'));
    const forged = await exported(37, 0, 37, others);
    const tampered: Record<string, readonly string[]> = {
      "an edited record": change(lines, 3, (line) => line.replace('"code":null', '"code":"X"')),
      "an edited hash": change(lines, 3, (line) => line.replace(/"hash":"./, '"hash":"x')),
      "a missing record": lines.toSpliced(3, 1),
      "exchanged records": [header, second, first, ...lines.slice(3)],
      "a missing seal": lines.toSpliced(sealAt, 1),
      "a changed seal": change(lines, sealAt, (line) => line.replace(/.{6}"}$/, 'AAAAAA"}')),
      "a cut end": lines.slice(0, -1),
      "a cut end with another in place": [...lines.slice(0, 20), lines.at(-1) ?? ""],
      "something behind the end": [...lines, first],
      "another tenant's name": change(lines, 0, (line) => line.replace(tenantId, randomUUID())),
      "other keys": [forged[0] ?? "", ...lines.slice(1)],
      "no JSON": change(lines, 5, () => "{"),
      "an export that was broken off": [
        ...lines.slice(0, 9),
        JSON.stringify({ type: "error", code: "RATE_LIMITED", detail: "Too many." }),
      ],
      nothing: [],
    };
    for (const [what, file] of Object.entries(tampered)) {
      const { code, said } = run(file);
      expect([what, code, said.includes("NOT VERIFIED, line ")]).toEqual([what, 1, true]);
    }
  });

  it("a whole log forged with another key is verified by its own keys alone, never by the trusted ones", async () => {
    const forged = await exported(12, 0, 12, others);
    const trusted = join(folder, "keys.json");
    writeFileSync(trusted, JSON.stringify({ keys: keys.publicKeys }));
    expect(run(forged).said).toContain("compare them with /.well-known/tessera-audit-keys");
    expect(run(forged, "--keys", trusted).said).toContain("which is not trusted");
    expect(run(await exported(12), "--keys", trusted).code).toBe(0);
  });

  it("says how it is called", () => {
    const script = join(ROOT, "scripts/verify-audit-export.mjs");
    expect(spawnSync(process.execPath, [script], { encoding: "utf8" }).status).toBe(2);
  });
});
