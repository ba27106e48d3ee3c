import { describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import {
  RestAuditExportDocument,
  RestAuditLogDocument,
  RestAuditSealDocument,
  RestAuditSegmentDocument,
} from "../../generated/graphql.ts";
import { documentIdOf, type GraphAnswer } from "../../graph/graph-port.ts";

const RECORDS = 1_201;
const rateLimit = {};
const ids = {
  seal: documentIdOf(RestAuditSealDocument),
  frame: documentIdOf(RestAuditExportDocument),
  segment: documentIdOf(RestAuditSegmentDocument),
};
const segmentArguments = z.object({ begin: z.number(), first: z.number() });
const bridge = bridgeOfTests();

const frame = {
  auditExport: {
    tenant: { id: "t" },
    ...{ begin: 0, end: RECORDS, seal: { jws: "newest" }, hashesBefore: [], hashesAfter: ["after"] },
  },
  auditKeys: [{ kid: "k" }],
};
/** A graph with so many records; the second seal call finds nothing more; `failAt` is refused. */
const exporting = (failAt = Number.POSITIVE_INFINITY): void => {
  let sealings = 0;
  bridge.graph.calls.length = 0;
  bridge.graph.decide(({ documentId, variables }): GraphAnswer => {
    if (documentId === ids.seal) {
      sealings += 1;
      return { data: { sealAuditLog: { __typename: "AuditLogSealed", more: sealings === 1 } }, rateLimit };
    }
    if (documentId === ids.frame) return { data: frame, rateLimit };
    const { begin, first } = segmentArguments.parse(variables);
    if (begin >= failAt) return { errors: [{ message: "Too many.", extensions: { code: "RATE_LIMITED" } }], rateLimit };
    const places = Array.from({ length: Math.min(first, RECORDS - begin) }, (_, place) => begin + place);
    const records = places.map((sequence) => ({
      sequence,
      hash: `h${sequence}`,
      canonical: `{"sequence":${sequence}}`,
    }));
    return { data: { auditSegment: { records, seals: [{ treeSize: begin + 2, jws: `s${begin}` }] } }, rateLimit };
  });
};
const linesOf = async (search = ""): Promise<readonly Record<string, unknown>[]> => {
  const answer = await bridge.ask(`/api/v2/audit/export${search}`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson; charset=utf-8"]);
  const lines = (await answer.text()).trimEnd().split("\n");
  return lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
};

describe("GET /api/v2/audit/export", () => {
  it("seals, then streams header, records in order with their seals behind them, and the end", async () => {
    exporting();
    const lines = await linesOf();
    expect(lines[0]).toMatchObject({ type: "header", tenantId: "t", begin: 0, end: RECORDS, keys: [{ kid: "k" }] });
    expect(lines.at(-1)).toEqual({ type: "end", end: RECORDS, hashesAfter: ["after"], seal: "newest" });
    const records = lines.filter(({ type }) => type === "record");
    expect(records.map(({ document }) => document)).toEqual(
      Array.from({ length: RECORDS }, (_, sequence) => ({ sequence })),
    );
    expect(lines.slice(1, 5).map(({ type, hash, jws }) => [type, hash ?? jws])).toEqual([
      ["record", "h0"],
      ["record", "h1"],
      ["seal", "s0"],
      ["record", "h2"],
    ]);
    expect(bridge.graph.calls.filter(({ documentId }) => documentId === ids.seal)).toHaveLength(2);
    expect(bridge.graph.calls.filter(({ documentId }) => documentId === ids.segment)).toHaveLength(3);
  });

  it("an export that is refused on the way ends with why, and without an end", async () => {
    exporting(1_000);
    const lines = await linesOf();
    expect(lines.at(-1)).toEqual({ type: "error", code: "RATE_LIMITED", detail: "Too many." });
    expect(lines.filter(({ type }) => type === "record")).toHaveLength(1_000);
  });

  it.each([
    ["?from=yesterday", 400, "BAD_INPUT", {}],
    ["?since=2026-11-01T00:00:00Z", 400, "BAD_INPUT", {}],
    ["", 406, "NOT_ACCEPTABLE", { accept: "application/json" }],
    ["", 401, "UNAUTHENTICATED", { authorization: "Bearer stranger" }],
  ])("refuses %j with %i %s before the graph is asked", async (search, status, code, headers) => {
    exporting();
    const answer = await bridge.ask(`/api/v2/audit/export${search}`, { headers });
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code })]);
    expect(bridge.graph.calls).toEqual([]);
  });

  it("a broken log is not exported: 409 with what is wrong", async () => {
    bridge.graph.decide(() => ({
      ...{ data: { sealAuditLog: { __typename: "AuditBroken", detail: "The record at 3 is gone." } }, rateLimit },
    }));
    const answer = await bridge.ask("/api/v2/audit/export");
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { code: "CONFLICT", detail: "The record at 3 is gone." },
    ]);
  });

  it("the public keys are open to anyone at their well-known address", async () => {
    const answer = await bridge.ask("/.well-known/tessera-audit-keys", { headers: { authorization: "" } });
    const shape = z.object({ keys: z.array(z.looseObject({ kty: z.literal("OKP"), alg: z.literal("Ed25519") })) });
    expect(answer.headers.get("content-type")).toBe("application/jwk-set+json");
    expect(shape.parse(await answer.json()).keys).toHaveLength(1);
  });
});

describe("GET /api/v2/audit", () => {
  const node = {
    ...{ executionId: "e", sequence: 3, startedAt: "2026-11-20T00:00:00.000Z", operationName: null },
    ...{ subject: { kind: "API_KEY", id: "k" }, usage: { costPoints: 1, storeMs: 2 } },
    ...{ kind: "QUERY", decision: "ALLOWED", transport: "IN_PROCESS", fields: ["Query.olap"] },
  };

  it("answers what the graph answers, in REST's words", async () => {
    const pageInfo = { hasNextPage: true, endCursor: "9.3" };
    bridge.graph.calls.length = 0;
    bridge.graph.decide(() => ({ data: { auditLog: { nodes: [node], pageInfo } }, rateLimit }));
    const answer = await bridge.ask("/api/v2/audit?decision=allowed&subject_id=k&first=7&from=2026-11-01T00:00:00Z");
    expect(await answer.json()).toEqual({
      records: [
        {
          ...{ execution_id: "e", sequence: 3, started_at: "2026-11-20T00:00:00.000Z", operation_name: null },
          ...{ subject: { kind: "api_key", id: "k" }, usage: { cost_points: 1, store_ms: 2 } },
          ...{ kind: "query", decision: "allowed", transport: "in_process", fields: ["Query.olap"] },
        },
      ],
      next_cursor: "9.3",
    });
    expect(bridge.graph.calls).toMatchObject([
      {
        documentId: documentIdOf(RestAuditLogDocument),
        variables: { filter: { decision: "ALLOWED", subjectId: "k", from: "2026-11-01T00:00:00Z" }, first: 7 },
      },
    ]);
  });

  it.each(["?decision=done", "?first=-1", "?to=x", "?user=a"])("refuses %s with 400", async (search) => {
    expect((await bridge.ask(`/api/v2/audit${search}`)).status).toBe(400);
  });
});
