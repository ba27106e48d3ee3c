import type { ExecutionDecision, ExecutionKind } from "@tessera/contracts/events/execution-recorded";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";

/** Records one page may hold. */
const MAX_PAGE_SIZE = 1_000;

/** Which records are asked for; what is null does not matter. */
export interface AuditFilter {
  /** When the execution began, milliseconds since the epoch: from, and before. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly subjectId: string | null;
  readonly field: string | null;
  readonly kind: ExecutionKind | null;
  readonly decision: ExecutionDecision | null;
  readonly code: string | null;
  readonly objectId: string | null;
  readonly traceId: string | null;
}

/** A place in the log as it is listed: by start, then by sequence. */
export interface AuditPlace {
  readonly startedAtMs: number;
  readonly sequence: number;
}

/** A filter as a caller writes it. */
export interface AuditFilterArguments {
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
  readonly subjectId?: string | null | undefined;
  readonly field?: string | null | undefined;
  readonly kind?: ExecutionKind | null | undefined;
  readonly decision?: ExecutionDecision | null | undefined;
  readonly code?: string | null | undefined;
  readonly objectId?: string | null | undefined;
  readonly traceId?: string | null | undefined;
}

/** A moment as a caller writes it, in milliseconds since the epoch; null when not given. */
export const momentArgument = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Date.parse(text);

/** Reads a filter; refuses with BAD_INPUT a range that ends before it begins. */
export const auditFilter = (asked: AuditFilterArguments | null | undefined): AuditFilter => {
  const [fromMs, toMs] = [momentArgument(asked?.from), momentArgument(asked?.to)];
  if (fromMs !== null && toMs !== null && fromMs > toMs)
    throw refuse("BAD_INPUT", "The range ends before it begins.", { field: "filter.to" });
  return {
    fromMs,
    toMs,
    subjectId: asked?.subjectId ?? null,
    field: asked?.field ?? null,
    kind: asked?.kind ?? null,
    decision: asked?.decision ?? null,
    code: asked?.code ?? null,
    objectId: asked?.objectId ?? null,
    traceId: asked?.traceId?.toLowerCase() ?? null,
  };
};

/** Checks how many items are asked for; refuses with BAD_INPUT. */
export const pageSize = (first: number): number => {
  if (first < 1 || first > MAX_PAGE_SIZE)
    throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_PAGE_SIZE.toLocaleString("en")}.`, {
      field: "first",
    });
  return first;
};

/** A place of the log or among the seals as a caller writes it; refuses with BAD_INPUT what no log can have. */
export const placeArgument = (value: string | number | bigint, field: string): number => {
  const place = Number(value);
  if (!Number.isSafeInteger(place) || place < 0)
    throw refuse("BAD_INPUT", `\`${field}\` must be a whole number from 0 on.`, { field });
  return place;
};

const notOurs = () => refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" });
const PLACE = /^(\d{1,16})\.(\d{1,16})$/;
const NUMBER = /^\d{1,16}$/;

/** Writes a place as a cursor. */
export const formatPlace = ({ startedAtMs, sequence }: AuditPlace): string => `${startedAtMs}.${sequence}`;

/** Reads a cursor of the log; refuses with BAD_INPUT a foreign one. */
export const parsePlace = (after: string | null | undefined): AuditPlace | null => {
  if (after === null || after === undefined) return null;
  const [, startedAtMs, sequence] = PLACE.exec(after) ?? [];
  if (sequence === undefined) throw notOurs();
  return { startedAtMs: Number(startedAtMs), sequence: Number(sequence) };
};

/** Reads a cursor of the seals; refuses with BAD_INPUT a foreign one. */
export const parseSealNumber = (after: string | null | undefined): number | null => {
  if (after === null || after === undefined) return null;
  if (!NUMBER.test(after)) throw notOurs();
  return Number(after);
};

/** Reads the id of an execution; refuses with BAD_INPUT what is not a UUID. */
export const executionIdArgument = (text: string): string => {
  if (!isUuid(text)) throw refuse("BAD_INPUT", "An execution's id is a UUID.", { field: "executionId" });
  return text.toLowerCase();
};
