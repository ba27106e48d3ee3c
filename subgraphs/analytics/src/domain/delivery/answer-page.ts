import { refuse } from "@tessera/platform/errors/refusal";
import { isUuid } from "@tessera/contracts/ids";
import { parseCount } from "../query.ts";

/** Rows of one page: as many as `olap` gives at once. */
export const MAX_ANSWER_PAGE = 10_000;
/** Rows of an answer that is kept for its pages: what the store sorts and writes within the time of one question. Pages of a larger one are computed anew. */
export const MAX_ANSWER_ROWS = 5_000_000;
/** Rows that are kept of one tenant's answers at a time. */
export const MAX_TENANT_ANSWER_ROWS = 20_000_000;
/** Milliseconds for which the pages of an answer can be asked for. */
export const ANSWER_KEPT_MS = 3_600_000;

/** Place of a row in an answer: 1 is the first. */
export interface AnswerPlace {
  readonly answerId: string;
  readonly place: number;
}

/** Which rows of an answer are asked for; `after` is null for those it begins with. */
export interface AnswerPage {
  readonly first: number;
  readonly after: AnswerPlace | null;
}

/** Which page is asked for, as the graph delivers it. */
export interface AnswerPageInput {
  readonly rows: number;
  readonly after?: string | null | undefined;
}

const CURSOR = /^([0-9a-f-]{36})\.(\d{1,15})$/;

/** Writes the place of a row as `<answer id>.<place>`. */
export const formatAnswerPlace = ({ answerId, place }: AnswerPlace): string => `${answerId}.${place}`;

/** A refusal of a cursor that is of something else. */
export const notOfThisAnswer = (detail: string): Error => refuse("BAD_INPUT", detail, { field: "after" });

/** Validates which page is asked for; refuses with BAD_INPUT. */
export const parseAnswerPage = ({ rows, after = null }: AnswerPageInput): AnswerPage => {
  const size = parseCount(rows, "rows", MAX_ANSWER_PAGE);
  if (after === null) return { first: size, after: null };
  const [, answerId, place] = CURSOR.exec(after) ?? [];
  if (answerId === undefined || place === undefined || !isUuid(answerId))
    throw notOfThisAnswer("The cursor is not one this list gave out.");
  return { first: size, after: { answerId, place: Number(place) } };
};
