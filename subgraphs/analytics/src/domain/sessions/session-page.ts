import { refuse } from "@tessera/platform/errors/refusal";
import { SESSION_LIMITS } from "./sessions.ts";

/** Place of a session in the list of all, newest first. */
export interface SessionPlace {
  readonly startMs: number;
  readonly id: string;
}

/** Which page of sessions. */
export interface SessionPage {
  readonly first: number;
  readonly after: SessionPlace | null;
}

/** Sessions of a page when nothing is said, as in the SDL. */
const DEFAULT_PAGE = 20;
/** Characters of a session id that a cursor carries; ingest takes no longer one. */
const MAX_ID = 512;

/** Writes the place of a session as `<milliseconds>.<id>`, base64url. */
export const formatSessionPlace = ({ startMs, id }: SessionPlace): string =>
  Buffer.from(`${startMs}.${id}`, "utf8").toString("base64url");

const parsePlace = (cursor: string): SessionPlace => {
  const [, time, id] = /^(\d{1,15})\.(.+)$/su.exec(Buffer.from(cursor, "base64url").toString("utf8")) ?? [];
  if (time === undefined || id === undefined || id.length > MAX_ID)
    throw refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });
  return { startMs: Number(time), id };
};

/** Validates which page of sessions is asked for; refuses with BAD_INPUT. */
export const parseSessionPage = ({
  first = DEFAULT_PAGE,
  after = null,
}: {
  readonly first?: number;
  readonly after?: string | null | undefined;
}): SessionPage => {
  if (!Number.isInteger(first) || first < 1 || first > SESSION_LIMITS.page)
    throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${SESSION_LIMITS.page}.`, { field: "first" });
  return { first, after: after === null ? null : parsePlace(after) };
};
