import { refuse } from "@tessera/platform/errors/refusal";
import { isUuid } from "@tessera/contracts/ids";

/** Jobs on a page of jobs. */
export const MAX_JOBS_ON_PAGE = 100;
/** Rows on a page of a result. */
export const MAX_RESULT_ROWS_ON_PAGE = 1_000;

/** Place of a job in the list, newest first. */
export interface JobPlace {
  readonly createdAtMs: number;
  readonly id: string;
}

const invalid = (): Error => refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });

/** Writes a job's place in the list as `<milliseconds>.<id>`. */
export const formatJobPlace = (job: JobPlace): string => `${job.createdAtMs}.${job.id}`;

/** Reads a place in the list of jobs; null for the beginning. */
export const parseJobPlace = (text: string | null | undefined): JobPlace | null => {
  if (text === null || text === undefined) return null;
  const [ms = "", id = ""] = text.split(".");
  if (!/^\d{1,16}$/.test(ms) || !isUuid(id)) throw invalid();
  return { createdAtMs: Number(ms), id };
};

/** Writes the place of a row in a result as `r<number>`. */
export const formatResultPlace = (place: number): string => `r${place}`;

/** Reads a place in a result; 0, before the first row, when there is none. */
export const parseResultPlace = (text: string | null | undefined): number => {
  if (text === null || text === undefined) return 0;
  if (!/^r\d{1,9}$/.test(text)) throw invalid();
  return Number(text.slice(1));
};
