import { RE2JS } from "re2js";
import type { FilterInput } from "../src/domain/filter-input.ts";
import { addressPart, clockHand } from "./reference-parts.ts";
import type { TestEvent } from "./test-events.ts";

/** The text of a plain value; null for what is missing and for what has parts. */
const plainText = (value: unknown): string | null => {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
};

const property = (event: TestEvent, path: string): string | null => {
  const value = path
    .split(".")
    .reduce<unknown>(
      (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
      event.properties ?? {},
    );
  return plainText(value);
};

const decimal = (text: string): string => text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

/** The text of a field of an event, parts of its time by a zone's clock; null when the event does not carry it. */
export const textOf = (event: TestEvent, field: string, timeZone = "UTC"): string | null => {
  if (field.startsWith("properties.")) return property(event, field.slice("properties.".length));
  const [whole = "", part] = [field.split(".")[0], field.slice(field.indexOf(".") + 1)];
  if (whole === "time" && field !== whole) return clockHand(event.timeMs, part, timeZone);
  if ((whole === "url" || whole === "referrer") && field !== whole) return addressPart(event[whole] ?? "", part);
  switch (field) {
    case "revenue":
      return event.revenue === undefined ? null : decimal(event.revenue);
    case "schemaVersion":
      return String(event.schemaVersion ?? 1);
    case "synthetic":
      return String(event.synthetic ?? false);
    case "qualityFlags":
      return event.qualityFlags === undefined || event.qualityFlags.length === 0 ? null : event.qualityFlags.join(",");
    case "time":
      return new Date(event.timeMs).toISOString();
    default: {
      const value: unknown = Reflect.get(event, field);
      return value === "" ? null : plainText(value);
    }
  }
};

/** The number a field of an event holds; null when it holds none. */
export const numberOf = (event: TestEvent, field: string, timeZone = "UTC"): number | null => {
  const text = textOf(event, field, timeZone);
  return text !== null && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
};

const equals = (event: TestEvent, field: string, value: string, timeZone: string): boolean => {
  const text = textOf(event, field, timeZone);
  if (field === "qualityFlags") return (event.qualityFlags ?? []).includes(value);
  if (field === "revenue") return text === decimal(value);
  return field.startsWith("properties.") ? text === value : (text ?? "") === value;
};

const matches = (pattern: string | null | undefined, text: string | null): boolean =>
  pattern === null ||
  pattern === undefined ||
  (text !== null && RE2JS.compile(pattern, RE2JS.DOTALL).matcher(text).find());

/** Whether an event passes a filter, by the plain meaning of its words. */
export const passes = (event: TestEvent, filter: FilterInput | null, timeZone = "UTC"): boolean => {
  if (filter === null) return true;
  if (filter.and) return filter.and.every((part) => passes(event, part, timeZone));
  if (filter.or) return filter.or.some((part) => passes(event, part, timeZone));
  if (filter.not) return !passes(event, filter.not, timeZone);
  const field = filter.field ?? "";
  const [text, number] = [textOf(event, field, timeZone), numberOf(event, field, timeZone)];
  const compared = (bound: number | null | undefined, test: (a: number, b: number) => boolean): boolean =>
    bound === null || bound === undefined || (number !== null && test(number, bound));
  return (
    (filter.eq === null || filter.eq === undefined || equals(event, field, filter.eq, timeZone)) &&
    (!filter.in || filter.in.some((value) => equals(event, field, value, timeZone))) &&
    (filter.contains === null ||
      filter.contains === undefined ||
      (text !== null && text.includes(filter.contains)) ||
      (filter.contains === "" && !field.startsWith("properties."))) &&
    (filter.startsWith === null ||
      filter.startsWith === undefined ||
      (text !== null && text.startsWith(filter.startsWith)) ||
      (filter.startsWith === "" && !field.startsWith("properties."))) &&
    matches(filter.matches, field.startsWith("properties.") ? text : (text ?? "")) &&
    compared(filter.gt, (a, b) => a > b) &&
    compared(filter.gte, (a, b) => a >= b) &&
    compared(filter.lt, (a, b) => a < b) &&
    compared(filter.lte, (a, b) => a <= b) &&
    (filter.exists === null || filter.exists === undefined || (text !== null) === filter.exists)
  );
};
