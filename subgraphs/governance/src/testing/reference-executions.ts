import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";

/** What is asked of executions. */
export interface ReferenceAsked {
  readonly edgesMs: readonly number[];
  readonly by: "NONE" | "OPERATION" | "KIND" | "CODE" | "CALLER" | "TRANSPORT";
  readonly where?: readonly { readonly by: string; readonly values: readonly (string | null)[] }[] | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly slowerThanMs?: number | undefined;
}

/** The number in order at a level, between two of them in proportion; null of none. */
const quantile = (numbers: readonly number[], level: number): number | null => {
  const sorted = numbers.toSorted((one, other) => one - other);
  if (sorted.length === 0) return null;
  const at = level * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (above - below) * (at - Math.floor(at));
};

const groupOf = ({ operationName, kind, code, subject, transport }: ExecutionRecorded, by: string): string | null =>
  ({ OPERATION: operationName, KIND: kind, CODE: code, CALLER: subject.id, TRANSPORT: transport })[by] ?? null;

/** Codes of errors that are the service's own, as far as the tests know any. */
const SERVICE = ["INTERNAL", "DEPENDENCY_UNAVAILABLE"];

/** Executions by group and bucket, one by one. */
export const referenceExecutions = (all: readonly ExecutionRecorded[], asked: ReferenceAsked) => {
  const {
    edgesMs,
    by,
    kinds = ["QUERY", "MUTATION", "INGEST", "EXPORT"],
    operations,
    where = [],
    slowerThanMs = Infinity,
  } = asked;
  const [first = 0, last = 0] = [edgesMs[0], edgesMs.at(-1)];
  const own = all.filter(
    ({ kind, operationName, startedAtMs, ...rest }) =>
      where.every(({ by: held, values }) =>
        values.includes(groupOf({ kind, operationName, startedAtMs, ...rest }, held)),
      ) &&
      kinds.includes(kind) &&
      (operations === undefined || operations.includes(operationName ?? "")) &&
      startedAtMs >= first &&
      startedAtMs < last,
  );
  const groups = [...new Set(own.map((one) => groupOf(one, by)))].map((group) => {
    const inGroup = own.filter((one) => groupOf(one, by) === group);
    const cells = edgesMs
      .slice(1)
      .map((to, at) => inGroup.filter(({ startedAtMs }) => startedAtMs >= (edgesMs[at] ?? 0) && startedAtMs < to));
    const counted = (of: (one: ExecutionRecorded) => boolean) => cells.map((cell) => cell.filter(of).length);
    const callers = (of: (one: ExecutionRecorded) => boolean) =>
      cells.map((cell) => new Set(cell.filter(of).map(({ subject }) => subject.id)).size);
    const within = (level: number) =>
      cells.map((cell) =>
        quantile(
          cell.filter(({ decision }) => decision !== "REFUSED").map(({ usage }) => usage.elapsedMs),
          level,
        ),
      );
    const isSlower = ({ decision, usage }: ExecutionRecorded): boolean =>
      decision !== "REFUSED" && usage.elapsedMs > slowerThanMs;
    return {
      group,
      executions: counted(() => true),
      refused: counted(({ decision }) => decision === "REFUSED"),
      failed: counted(({ decision }) => decision === "FAILED"),
      serverErrors: counted(({ code }) => SERVICE.includes(code ?? "")),
      slower: counted(isSlower),
      slowerCallers: callers(isSlower),
      callers: callers(() => true),
      refusedCallers: callers(({ decision }) => decision === "REFUSED"),
      failedCallers: callers(({ decision }) => decision === "FAILED"),
      serverErrorCallers: callers(({ code }) => SERVICE.includes(code ?? "")),
      ...{ latencyMsP50: within(0.5), latencyMsP95: within(0.95), latencyMsP99: within(0.99) },
    };
  });
  const total = ({ executions }: (typeof groups)[number]): number => executions.reduce((sum, one) => sum + one, 0);
  return groups.toSorted(
    (one, other) =>
      total(other) - total(one) ||
      (other.group === null ? -1 : one.group === null ? 1 : one.group < other.group ? -1 : 1),
  );
};
