const ESCAPED: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", "'": "\\'", "\\": "\\\\" };
const SPECIAL = /[\t\n\r'\\]/g;

const escaped = (text: string): string => text.replaceAll(SPECIAL, (special) => ESCAPED[special] ?? special);

const element = (value: unknown): string => {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string") return `'${escaped(value)}'`;
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  return formatParam(value);
};

/**
 * The text of a statement's parameter as ClickHouse reads it from an address: escaped as in TSV, in lists quoted as in SQL (ClickHouse, "HTTP interface:
 * queries with parameters"). Takes text, numbers, booleans, null and lists of them; throws for anything else.
 */
export const formatParam = (value: unknown): string => {
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") {
    if (Number.isNaN(value)) return "nan";
    if (!Number.isFinite(value)) return value > 0 ? "+inf" : "-inf";
    return String(value);
  }
  if (typeof value === "bigint") return String(value);
  if (typeof value === "boolean") return value ? "1" : "0";
  if (value === null || value === undefined) return "\\N";
  if (Array.isArray(value)) return `[${value.map(element).join(",")}]`;
  throw new Error(
    `A parameter of a statement can't be ${typeof value === "object" ? "an object" : `a ${typeof value}`}.`,
  );
};
