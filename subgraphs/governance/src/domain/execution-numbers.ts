import type { ExecutionCondition, ExecutionGrouping, ExecutionSeries } from "@tessera/contracts/execution-numbers";
import type { ExecutionKind } from "@tessera/contracts/events/execution-recorded";
import { errorCodes } from "@tessera/platform/errors/error-codes";
import { refuse } from "@tessera/platform/errors/refusal";

type Maybe<T> = T | null | undefined;

/** A question to `executionNumbers` as the graph delivers it. */
export interface ExecutionNumbersInput {
  readonly edges: readonly string[];
  readonly kinds?: Maybe<readonly ExecutionKind[]>;
  readonly operations?: Maybe<readonly string[]>;
  readonly by?: ExecutionGrouping;
  readonly where?: readonly { readonly by: ExecutionGrouping; readonly values: readonly Maybe<string>[] }[];
  readonly first?: number;
  readonly slowerThanMs?: Maybe<number>;
}

/** A validated question: in which buckets, which executions, told apart by what. */
export interface ExecutionNumbersQuestion {
  /** Where buckets begin, and where the last one ends, milliseconds since the epoch. */
  readonly edgesMs: readonly number[];
  readonly kinds: readonly ExecutionKind[];
  /** Names of operations; empty: all. */
  readonly operations: readonly string[];
  readonly by: ExecutionGrouping;
  /** All of them hold. */
  readonly where: readonly ExecutionCondition[];
  readonly first: number;
  /** Null: no execution is counted as slow. */
  readonly slowerThanMs: number | null;
}

/** Bounds of the question: records are added up row by row, and an answer has at most a hundred thousand numbers of each sort. */
export const EXECUTION_LIMITS = {
  ...{ buckets: 1_000, groups: 100, operations: 50, nameCharacters: 200, conditions: 8, values: 100, records: 500_000 },
  /** Milliseconds after which an execution that began is over and told: what takes longer, a job or a subscription, is told later. */
  settlingMs: 120_000,
} as const;

/** What callers ask for and wait for. */
const AWAITED: readonly ExecutionKind[] = ["QUERY", "MUTATION", "INGEST", "EXPORT"];

/** Codes by which the service failed, and not whoever asked. */
export const SERVER_CODES: readonly string[] = Object.entries(errorCodes)
  .filter(([, { status }]) => status >= 500)
  .map(([code]) => code);

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field: `input.${field}` });

const edgesOf = (texts: readonly string[]): readonly number[] => {
  if (texts.length < 2 || texts.length > EXECUTION_LIMITS.buckets + 1)
    throw bad("edges", `There are 2 to ${(EXECUTION_LIMITS.buckets + 1).toLocaleString("en-US")} edges of buckets.`);
  const edges = texts.map((text) => Date.parse(text));
  const late = edges.findIndex((edge, place) => place > 0 && edge <= (edges[place - 1] ?? 0));
  if (late > 0) throw bad(`edges.${late}`, "Each edge is later than the one before it.");
  return edges;
};

const whereOf = (given: ExecutionNumbersInput["where"]): readonly ExecutionCondition[] => {
  const { conditions, values: most } = EXECUTION_LIMITS;
  if ((given ?? []).length > conditions) throw bad("where", `At most ${conditions} conditions.`);
  return (given ?? []).map(({ by, values }, place) => {
    if (by === "NONE") throw bad(`where.${place}.by`, "NONE tells nothing apart: take another.");
    if (values.length === 0 || values.length > most)
      throw bad(`where.${place}.values`, `A condition names 1 to ${most} values.`);
    return { by, values: values.map((value) => value ?? null) };
  });
};

const slowerOf = (slowerThanMs: number | null): number | null => {
  if (slowerThanMs !== null && !(slowerThanMs >= 0)) throw bad("slowerThanMs", "Milliseconds are 0 or more.");
  return slowerThanMs;
};

/** Validates a question to `executionNumbers`; refuses with BAD_INPUT. */
export const parseExecutionNumbers = (input: ExecutionNumbersInput): ExecutionNumbersQuestion => {
  const { first = 20, by = "NONE" } = input;
  const [kinds, operations] = [input.kinds ?? AWAITED, input.operations ?? []];
  if (kinds.length === 0) throw bad("kinds", "Name at least one kind, or leave `kinds` out.");
  if (operations.length > EXECUTION_LIMITS.operations)
    throw bad("operations", `At most ${EXECUTION_LIMITS.operations} operations: leave the rest out, or take all.`);
  operations.forEach((name, place) => {
    if (name === "" || name.length > EXECUTION_LIMITS.nameCharacters)
      throw bad(`operations.${place}`, `A name has 1 to ${EXECUTION_LIMITS.nameCharacters} characters.`);
  });
  if (!(Number.isInteger(first) && first >= 1 && first <= EXECUTION_LIMITS.groups))
    throw bad("first", `\`first\` is a whole number from 1 to ${EXECUTION_LIMITS.groups}.`);
  return {
    edgesMs: edgesOf(input.edges),
    kinds: [...new Set(kinds)],
    operations: [...new Set(operations)],
    by,
    where: whereOf(input.where),
    first,
    slowerThanMs: slowerOf(input.slowerThanMs ?? null),
  };
};

/** What was counted of a group in a bucket. */
export interface ExecutionCount {
  readonly group: string | null;
  /** Place of the bucket, from 0. */
  readonly bucket: number;
  readonly executions: number;
  readonly refused: number;
  readonly failed: number;
  readonly serverErrors: number;
  readonly slower: number;
  /** Different callers of each of the five. */
  readonly callers: number;
  readonly refusedCallers: number;
  readonly failedCallers: number;
  readonly serverErrorCallers: number;
  readonly slowerCallers: number;
  /** Of executions that were not refused; null where there is none. */
  readonly latencyMs: readonly [p50: number, p95: number, p99: number] | null;
}

const NOTHING = {
  ...{ executions: 0, refused: 0, failed: 0, serverErrors: 0, slower: 0, latencyMs: null },
  ...{ callers: 0, refusedCallers: 0, failedCallers: 0, serverErrorCallers: 0, slowerCallers: 0 },
} as const;

/** Lays counts out by group and bucket; groups of most executions first, equal ones by name, those without a name last. */
export const executionSeries = (counts: readonly ExecutionCount[], buckets: number): readonly ExecutionSeries[] => {
  const groups = new Map<string | null, ExecutionCount[]>();
  for (const one of counts) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  const total = (of: readonly ExecutionCount[]): number => of.reduce((sum, { executions }) => sum + executions, 0);
  const byName = (one: string | null, other: string | null): number =>
    other === null ? -1 : one === null ? 1 : one < other ? -1 : 1;
  return [...groups]
    .toSorted(([one, own], [other, theirs]) => total(theirs) - total(own) || byName(one, other))
    .map(([group, own]) => {
      const at = new Map(own.map((one) => [one.bucket, one]));
      const cells = Array.from({ length: buckets }, (_, bucket) => at.get(bucket) ?? NOTHING);
      return {
        group,
        executions: cells.map(({ executions }) => executions),
        refused: cells.map(({ refused }) => refused),
        failed: cells.map(({ failed }) => failed),
        serverErrors: cells.map(({ serverErrors }) => serverErrors),
        slower: cells.map(({ slower }) => slower),
        callers: cells.map(({ callers }) => callers),
        refusedCallers: cells.map(({ refusedCallers }) => refusedCallers),
        failedCallers: cells.map(({ failedCallers }) => failedCallers),
        serverErrorCallers: cells.map(({ serverErrorCallers }) => serverErrorCallers),
        slowerCallers: cells.map(({ slowerCallers }) => slowerCallers),
        latencyMsP50: cells.map(({ latencyMs }) => latencyMs?.[0] ?? null),
        latencyMsP95: cells.map(({ latencyMs }) => latencyMs?.[1] ?? null),
        latencyMsP99: cells.map(({ latencyMs }) => latencyMs?.[2] ?? null),
      };
    });
};
