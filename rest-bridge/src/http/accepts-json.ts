import { refuse } from "@tessera/platform/errors/refusal";

const RANGES: ReadonlySet<string> = new Set(["application/*", "*/*"]);

const isRefused = (part: string): boolean => /;\s*q=0(\.0*)?\s*(;|$)/.test(part);

/** Refuses with NOT_ACCEPTABLE when an Accept header leaves no room for the media type, JSON unless given (RFC 9110, 12.5.1). */
export const requireJsonAccepted = (accept: string | undefined, mediaType = "application/json"): void => {
  if (accept === undefined || accept.trim() === "") return;
  const types = accept
    .toLowerCase()
    .split(",")
    .filter((part) => !isRefused(part))
    .map((part) => (part.split(";")[0] ?? "").trim());
  if (!types.some((type) => type === mediaType || RANGES.has(type)))
    throw refuse("NOT_ACCEPTABLE", `Answers are given as ${mediaType}.`);
};
