import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { z } from "zod";
import { execution, openAuditRoom, type AuditRoom } from "./testing/audit-room.ts";
import { referenceExecutions } from "./testing/reference-executions.ts";

jest.setTimeout(120_000);
const [MINUTE_MS, START_MS] = [60_000, Date.parse("2026-10-01T00:00:00Z")];
const iso = (ms: number): string => new Date(ms).toISOString();

let room: AuditRoom;
beforeAll(() => {
  room = openAuditRoom();
});
afterAll(() => room.close());

const NUMBERS = `query ($input: ExecutionNumbersInput!) { executionNumbers(input: $input) { groupCount completeTo
  groups { group executions refused failed serverErrors callers refusedCallers failedCallers serverErrorCallers slower slowerCallers latencyMsP50 latencyMsP95 latencyMsP99 } } }`;
const numbers = z.array(z.number().nullable());
const shape = z.object({
  groupCount: z.number(),
  completeTo: z.string(),
  groups: z.array(
    z.object({
      ...{ group: z.string().nullable(), executions: numbers, refused: numbers, failed: numbers },
      ...{ callers: numbers, refusedCallers: numbers, failedCallers: numbers, serverErrorCallers: numbers },
      ...{ slower: numbers, slowerCallers: numbers },
      ...{ serverErrors: numbers, latencyMsP50: numbers, latencyMsP95: numbers, latencyMsP99: numbers },
    }),
  ),
});
const ask = async (tenantId: ReturnType<typeof freshTenantId>, input: object) => {
  const answer = await room.ask(tenantId, NUMBERS, { input });
  expect(answer.errors).toBeUndefined();
  return shape.parse(answer.data?.["executionNumbers"]);
};

const outcome = fc.constantFrom(
  ...([
    ["ALLOWED", null],
    ["ALLOWED", null],
    ["FAILED", "BAD_INPUT"],
    ["FAILED", "INTERNAL"],
    ["REFUSED", "FORBIDDEN"],
    ["FAILED", "DEPENDENCY_UNAVAILABLE"],
  ] as const),
);
const done = fc.record({
  startedAtMs: fc.integer({ min: -2, max: 12 }).map((half) => START_MS + half * (MINUTE_MS / 2)),
  kind: fc.constantFrom("QUERY", "MUTATION", "INGEST", "SUBSCRIPTION"),
  operationName: fc.constantFrom(null, "Sales", "Signups", "events"),
  outcome,
  caller: fc.constantFrom("a", "b", "c"),
  transport: fc.constantFrom(...(["http", "rest"] as const)),
  elapsedMs: fc.integer({ min: 0, max: 50 }).map((ms) => ms * 1.5),
});

it("Executions are counted by bucket and group, with how long they took, as going through them one by one says", async () => {
  const asked = fc.record({
    by: fc.constantFrom("NONE", "OPERATION", "KIND", "CODE", "CALLER", "TRANSPORT"),
    where: fc.constantFrom(
      [],
      [{ by: "CALLER", values: ["a", "c"] }],
      [
        { by: "OPERATION", values: [null, "Sales"] },
        { by: "TRANSPORT", values: ["rest"] },
      ],
      [{ by: "CODE", values: [null] }],
    ),
    kinds: fc.constantFrom(undefined, ["QUERY"], ["INGEST", "SUBSCRIPTION"]),
    operations: fc.constantFrom(undefined, ["Sales", "events"]),
    first: fc.constantFrom(2, 20),
    slowerThanMs: fc.constantFrom(undefined, 0, 22.5, 40.1),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(done, { minLength: 1, maxLength: 40 }),
      fc.array(asked, { minLength: 4, maxLength: 4 }),
      async (made, questions) => {
        const tenantId = freshTenantId();
        const executions = made.map(({ outcome: [decision, code], elapsedMs, caller, ...rest }) => {
          const subject = { kind: "USER", id: caller } as const;
          const one = execution(tenantId, { ...rest, subject, decision, code });
          return { ...one, usage: { ...one.usage, elapsedMs } };
        });
        const { sql } = room.engines.resources;
        await sql.transaction(tenantId, (transaction) => room.audit.appendRecords(transaction, tenantId, executions));
        const edgesMs = [0, 1, 3, 4].map((minute) => START_MS + minute * MINUTE_MS);
        for (const question of questions) {
          const answer = await ask(tenantId, { ...question, edges: edgesMs.map(iso) });
          const wanted = referenceExecutions(executions, { ...question, edgesMs });
          expect(answer.groupCount).toBe(wanted.length);
          expect(answer.groups).toEqual(wanted.slice(0, question.first));
        }
      },
    ),
    { numRuns: 8, endOnFailure: true },
  );
});

it("A bucket is complete two minutes after its end, and not while something of it is told and not recorded", async () => {
  const tenantId = freshTenantId();
  const edges = [iso(START_MS), iso(START_MS + MINUTE_MS)];
  expect((await ask(tenantId, { edges })).completeTo).toBe(iso(room.clock.ms - 2 * MINUTE_MS));
  const told = execution(tenantId, { startedAtMs: START_MS + 1_000 });
  await room.tell([told]);
  const { completeTo } = await ask(tenantId, { edges });
  // Another test's consumer may have recorded it by now.
  const { rows } = await room.engines.owner.query("SELECT 1 FROM audit_record WHERE tenant_id = $1", [tenantId]);
  if (rows.length === 0) expect(completeTo).toBe(iso(START_MS + 1_000));
  await room.record(tenantId, 1);
  const after = await ask(tenantId, { edges });
  expect(after.completeTo).toBe(iso(room.clock.ms - 2 * MINUTE_MS));
  expect(after.groups).toMatchObject([{ group: null, executions: [1], failed: [0] }]);
});

it("Another tenant's executions are not among them, and they are told to those alone who may read the audit log", async () => {
  const tenantId = freshTenantId();
  await room.append(tenantId, 3, { startedAtMs: START_MS });
  const edges = [iso(START_MS), iso(START_MS + 1)];
  expect((await ask(tenantId, { edges })).groups[0]?.executions).toEqual([3]);
  expect(await ask(freshTenantId(), { edges })).toMatchObject({ groups: [], groupCount: 0 });
  const refused = await room.ask(tenantId, NUMBERS, { input: { edges } }, ["analytics:read"]);
  expect(refused.errors?.[0]).toMatchObject({ extensions: { code: "FORBIDDEN" } });
});

it.each([
  [{ edges: [iso(START_MS)] }, "input.edges"],
  [{ edges: [iso(START_MS), iso(START_MS)] }, "input.edges.1"],
  [{ kinds: [] }, "input.kinds"],
  [{ operations: [""] }, "input.operations.0"],
  [{ operations: Array.from({ length: 51 }, (_, at) => `o${at}`) }, "input.operations"],
  [{ first: 101 }, "input.first"],
  [{ slowerThanMs: -1 }, "input.slowerThanMs"],
  [{ where: [{ by: "NONE", values: ["x"] }] }, "input.where.0.by"],
  [{ where: [{ by: "CODE", values: [] }] }, "input.where.0.values"],
])("%j is refused at %s", async (part, field) => {
  const input = { edges: [iso(START_MS), iso(START_MS + 1)], ...part };
  const { errors } = await room.ask(freshTenantId(), NUMBERS, { input });
  expect(errors?.[0]).toMatchObject({ extensions: { code: "BAD_INPUT", field } });
});
