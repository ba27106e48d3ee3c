/** Bytes of a representation that were asked for: both ends are in it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=(\d*)-(\d*)$/;
/** Digits of a position: what no file has. */
const MAX_DIGITS = 15;

/**
 * Reads a Range header of so many bytes (RFC 9110, 14.1.2): null for the whole of it, which is also what several ranges, other units and what is no range
 * are given; "UNSATISFIABLE" for a range that begins after the end.
 */
export const parseByteRange = (header: string | undefined, size: number): ByteRange | null | "UNSATISFIABLE" => {
  const [, from = "", to = ""] = RANGE.exec((header ?? "").replaceAll(/\s/g, "")) ?? [];
  if ((from === "" && to === "") || from.length > MAX_DIGITS || to.length > MAX_DIGITS) return null;
  if (from === "") {
    const length = Number(to);
    return length === 0 || size === 0 ? "UNSATISFIABLE" : { first: Math.max(0, size - length), last: size - 1 };
  }
  const [first, end] = [Number(from), to === "" ? size - 1 : Number(to)];
  if (to !== "" && end < first) return null;
  return first >= size ? "UNSATISFIABLE" : { first, last: Math.min(end, size - 1) };
};

/** Whether a list of entity tags names one (RFC 9110, 13.1.2), compared weakly. */
export const namesTag = (header: string | undefined, etag: string): boolean =>
  (header ?? "").split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));

/** A name as it is told to whoever saves the file: in ASCII for old clients, and as it is (RFC 6266, RFC 8187). */
export const attachmentNamed = (name: string): string => {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\]/g, "_");
  const encoded = encodeURIComponent(name.replaceAll(/\p{Cs}/gu, "_")).replaceAll(
    /['()*]/g,
    (character) => `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
};
