import { expect, test } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { AskedExecutions, ExecutionSeries } from "@tessera/contracts/execution-numbers";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import { executionsChange } from "./executions-change.ts";

const [HOUR_MS, WEEK_MS] = [3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T13:00:00Z");
const caller: Caller = {
  ...PLAIN_ACCESS,
  ...{
    tenantId: freshTenantId(),
    roles: [],
    permissions: new Set(["analytics:read", "audit:read"] as const),
    expiresAtMs: null,
  },
  subject: { kind: "USER", id: "u" },
};

/** One execution, as far as it is told apart. */
interface Done {
  readonly OPERATION: string | null;
  readonly KIND: string;
  readonly CODE: string | null;
  readonly CALLER: string;
  readonly TRANSPORT: string;
  readonly ms: number;
}
const done = fc.record<Done>({
  OPERATION: fc.constantFrom(null, "Sales", "Signups"),
  KIND: fc.constantFrom("QUERY", "INGEST"),
  CODE: fc.constantFrom(null, null, "INTERNAL", "BAD_INPUT", "FORBIDDEN"),
  CALLER: fc.constantFrom("a", "b", "c", "d"),
  TRANSPORT: fc.constantFrom("http", "rest"),
  ms: fc.integer({ min: 0, max: 9 }).map((tens) => tens * 10),
});

const isServers = ({ CODE }: Done): boolean => CODE === "INTERNAL";
const isFailed = ({ CODE }: Done): boolean => CODE !== null && CODE !== "FORBIDDEN";

const isRefused = ({ CODE }: Done): boolean => CODE === "FORBIDDEN";
const isSlower =
  (than: number | null) =>
  (one: Done): boolean =>
    than !== null && !isRefused(one) && one.ms > than;
/** Milliseconds of the middle one of those that were not refused, the lower of two; null of none. */
const medianOf = (all: readonly Done[]): number | null => {
  const ordered = all.filter((one) => !isRefused(one)).toSorted((one, other) => one.ms - other.ms);
  return ordered[Math.floor((ordered.length - 1) / 2)]?.ms ?? null;
};

/** What the room that keeps executions tells of some, added up one by one. */
const told = (all: readonly Done[], { by, where, first, slowerThanMs }: AskedExecutions) => {
  const own = all.filter((one) => where.every((held) => held.values.includes(one[held.by])));
  const names = by === "NONE" ? [null] : [...new Set(own.map((one) => one[by]))];
  const callers = (of: readonly Done[]) => [new Set(of.map(({ CALLER }) => CALLER)).size];
  const groups = names.map((group): ExecutionSeries => {
    const these = by === "NONE" ? own : own.filter((one) => one[by] === group);
    const [failed, servers] = [these.filter(isFailed), these.filter(isServers)];
    const [refused, slower] = [these.filter(isRefused), these.filter(isSlower(slowerThanMs))];
    return {
      ...{
        group,
        executions: [these.length],
        refused: [refused.length],
        failed: [failed.length],
        serverErrors: [servers.length],
      },
      ...{
        callers: callers(these),
        refusedCallers: callers(refused),
        failedCallers: callers(failed),
        serverErrorCallers: callers(servers),
      },
      ...{ slower: [slower.length], slowerCallers: callers(slower) },
      ...{ latencyMsP50: [medianOf(these)], latencyMsP95: [null], latencyMsP99: [null] },
    };
  });
  return Promise.resolve({ groups: groups.slice(0, first), groupCount: groups.length, completeToMs: Date.now() });
};

const DIMENSIONS = {
  operation: "OPERATION",
  kind: "KIND",
  code: "CODE",
  caller: "CALLER",
  transport: "TRANSPORT",
} as const;
const dimensions = Object.keys(DIMENSIONS);

test("The change of executions is that of those of each slice, and concerns those who called", async () => {
  const asked = fc.record({
    name: fc.constantFrom("serverErrorShare", "failedShare", "executions", "failed", "serverErrors"),
    held: fc.constantFrom<readonly SliceCondition[]>(
      [],
      [{ dimension: "operation", values: ["Sales", null] }],
      [{ dimension: "transport", values: ["rest"] }],
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(done, { maxLength: 40 }), asked, async (all, { name, held }) => {
      const askExecutions = { executionNumbers: (_caller: Caller, question: AskedExecutions) => told(all, question) };
      const span = { fromMs: FROM_MS, toMs: FROM_MS + HOUR_MS };
      const input = { range: { from: "2025-10-15T13:00:00Z", to: "2025-10-15T14:00:00Z" } };
      const change = await executionsChange(
        { askExecutions, nowMs: () => FROM_MS + 2 * HOUR_MS },
        { caller, input, value: { name }, timeZone: "UTC", span, held, choices: [] },
      );
      const own = all.filter((one) =>
        held.every(({ values }) => values.some((value) => value === one.OPERATION || value === one.TRANSPORT)),
      );
      const counts = name.startsWith("server") ? isServers : name === "executions" ? () => true : isFailed;
      const numberOf = (of: readonly Done[]) => [of.filter(counts).length, name.endsWith("Share") ? of.length : null];
      const read = await change.read({ span, conditions: held, dimensions, signal: undefined });
      expect([read.whole.value, read.whole.base]).toEqual(numberOf(own));
      const wrong = Object.values(DIMENSIONS).flatMap((by, at) =>
        [...(read.values[at]?.values ?? [])].filter(
          ([value, { value: number, base }]) =>
            JSON.stringify([number, base]) !== JSON.stringify(numberOf(own.filter((one) => one[by] === value))),
        ),
      );
      expect(wrong).toEqual([]);
      const impact = change.impact === null || change.impact === "COUNTED" ? null : await change.impact(span);
      expect(impact?.people).toBe(new Set(own.filter(counts).map(({ CALLER }) => CALLER)).size);
      expect(await change.behind([], 5)).toBeNull();
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

test("A latency is the share of executions that took longer than it was in the weeks before, of each slice, and concerns their callers", async () => {
  const span = { fromMs: FROM_MS, toMs: FROM_MS + HOUR_MS };
  const weeks = [1, 2, 3, 4].map((back) => ({
    fromMs: span.fromMs - back * WEEK_MS,
    toMs: span.toMs - back * WEEK_MS,
  }));
  const input = { range: { from: "2025-10-15T13:00:00Z", to: "2025-10-15T14:00:00Z" } };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(done, { maxLength: 12 }), { minLength: 5, maxLength: 5 }), async (all) => {
      const weekOf = ({ edges }: AskedExecutions): readonly Done[] =>
        all[Math.round((FROM_MS - Date.parse(edges[0] ?? "")) / WEEK_MS)] ?? [];
      const askExecutions = {
        executionNumbers: (_caller: Caller, question: AskedExecutions) => told(weekOf(question), question),
      };
      const change = await executionsChange(
        { askExecutions, nowMs: () => FROM_MS + 2 * HOUR_MS },
        {
          caller,
          input,
          value: { name: "latencyMsP50" },
          timeZone: "UTC",
          span,
          held: [],
          choices: [["WEEKS", weeks]],
        },
      );
      const before = all
        .slice(1)
        .flatMap((week) => medianOf(week) ?? [])
        .toSorted((one, other) => one - other);
      const middle = [before[Math.floor((before.length - 1) / 2)], before[Math.ceil((before.length - 1) / 2)]];
      const threshold = before.length < 3 ? null : ((middle[0] ?? 0) + (middle[1] ?? 0)) / 2;
      expect(change.quantile?.threshold).toBe(threshold);
      const [now = []] = all;
      const slower = isSlower(threshold ?? medianOf(now) ?? 0);
      const numberOf = (of: readonly Done[]) => [of.filter(slower).length, of.filter((one) => !isRefused(one)).length];
      const read = await change.read({ span, conditions: [], dimensions, signal: undefined });
      expect([read.whole.value, read.whole.base]).toEqual(numberOf(now));
      const wrong = Object.values(DIMENSIONS).flatMap((by, at) =>
        [...(read.values[at]?.values ?? [])].filter(
          ([value, { value: number, base }]) =>
            JSON.stringify([number, base]) !== JSON.stringify(numberOf(now.filter((one) => one[by] === value))),
        ),
      );
      expect(wrong).toEqual([]);
      const impact = change.impact === null || change.impact === "COUNTED" ? null : await change.impact(span);
      expect(impact?.people).toBe(new Set(now.filter(slower).map(({ CALLER }) => CALLER)).size);
    }),
    { numRuns: 200, endOnFailure: true },
  );
});

test("The audit log is asked by those alone who may read it", async () => {
  const askExecutions = { executionNumbers: () => Promise.reject(new Error("Nothing is asked.")) };
  const stranger = { ...caller, permissions: new Set(["analytics:read"] as const) };
  const explained = executionsChange(
    { askExecutions, nowMs: () => 0 },
    {
      ...{
        input: { range: { from: "", to: "" } },
        timeZone: "UTC",
        span: { fromMs: 0, toMs: 1 },
        held: [],
        choices: [],
      },
      ...{ caller: stranger, value: { name: "failed" } },
    },
  );
  await expect(explained).rejects.toThrow("audit log");
});
