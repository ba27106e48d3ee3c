import type { DataPolicy } from "@tessera/contracts/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import { refuseDrawn } from "./asked-sample.ts";
import type { FieldAccess } from "./fields.ts";
import { MAX_OLAP_ROWS, parseCount, parseOlap, type OlapInput, type OlapQuery } from "./query.ts";
import { refusedWithin } from "./refused-within.ts";

/** Rows a job may keep of its answer. */
export const MAX_JOB_ROWS = 1_000_000;
/** Rows a job keeps unless it is asked for another number. */
export const DEFAULT_JOB_ROWS = 100_000;
/** Characters of a caller's own key for a start. */
export const MAX_IDEMPOTENCY_KEY = 128;

/** What a job is asked, as it is kept with the job. */
export interface JobInput {
  readonly olap: OlapInput;
  readonly maxRows: number;
  /** What of the events the asker could see; the answer is computed from that, and shown to nobody who sees less or other. */
  readonly dataPolicy: DataPolicy | null;
}

/** The question of a job; what is wrong with it is told where it stands. */
const parsedWithin = (olap: OlapInput, access: FieldAccess): OlapQuery => {
  try {
    return parseOlap({ ...olap, limit: MAX_OLAP_ROWS }, access);
  } catch (error) {
    throw refusedWithin(error, (field) => field.replace(/^input/, "input.olap"));
  }
};

/** The validated question of a job; its limit is the rows the job may keep. */
export const parseJobQuery = (input: Pick<JobInput, "olap" | "maxRows">, access: FieldAccess): OlapQuery => {
  const { compare = [], subtotals = [], others = false, fill = "NONE", pivot = null } = input.olap;
  if (compare.length > 0 || subtotals.length > 0 || others || fill !== "NONE" || pivot !== null)
    throw refuse(
      "BAD_INPUT",
      "A job answers rows and totals: it takes no `compare`, `subtotals`, `others`, `fill` or `pivot`.",
      {
        field: "input.olap",
      },
    );
  refuseDrawn(input.olap, "A job answers exactly", "input.olap");
  return {
    ...parsedWithin(input.olap, access),
    limit: parseCount(input.maxRows, "input.maxRows", MAX_JOB_ROWS),
  };
};

/** A caller's own key for a start; refuses one that is empty or too long with BAD_INPUT. */
export const parseIdempotencyKey = (key: string | null | undefined): string | null => {
  if (key === null || key === undefined) return null;
  if (key.length >= 1 && key.length <= MAX_IDEMPOTENCY_KEY) return key;
  throw refuse("BAD_INPUT", `\`idempotencyKey\` has 1 to ${MAX_IDEMPOTENCY_KEY} characters.`, {
    field: "input.idempotencyKey",
  });
};
