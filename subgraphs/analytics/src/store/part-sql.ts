import type { PartField } from "../domain/field.ts";
import type { ClockPart, UrlPart } from "../domain/field-parts.ts";
import type { Params } from "./params.ts";

/** Beginning of an address that names a host: a scheme, if any, and two slashes. */
const AUTHORITY = "^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//";
/** The host: what comes after a user and before a port; an IPv6 address stands in brackets. */
const HOST = `${AUTHORITY}(?:[^/?#]*@)?(\\[[^\\]/?#]*\\]|[^/?#@:]*)`;
const PATH_AFTER_AUTHORITY = `${AUTHORITY}[^/?#]*(/[^?#]*)`;
const PATH_ALONE = "^(/[^?#]*)";

const pathSql = (column: string, params: Params): string => {
  const pattern = (text: string): string => params.place("String", text);
  const found = `extract(${column}, ${pattern(PATH_AFTER_AUTHORITY)})`;
  return `if(match(${column}, ${pattern(AUTHORITY)}), if(${found} = '', '/', ${found}), extract(${column}, ${pattern(PATH_ALONE)}))`;
};

const urlSql = (column: string, part: UrlPart, params: Params): string => {
  switch (part.kind) {
    case "HOST":
      return `lower(extract(${column}, ${params.place("String", HOST)}))`;
    case "PATH":
      return pathSql(column, params);
    case "PATH_PART":
      return `arrayFilter(part -> part != '', splitByChar('/', ${pathSql(column, params)}))[${params.place("Int64", part.number)}]`;
  }
};

/** The reading of a zone's clock, as a moment whose UTC shows it; the clock's changes travel as parameters, so that no other zone data has a say. */
const localSql = (column: string, { clock }: ClockPart, params: Params): string => {
  const { fromSeconds, aheadSeconds } = clock;
  const seconds = `toInt64(toUnixTimestamp(${column}))`;
  const [from, ahead] = [params.place("Array(Int64)", fromSeconds), params.place("Array(Int64)", aheadSeconds)];
  return fromSeconds.length === 1
    ? `toDateTime(${seconds} + ${params.place("Int64", aheadSeconds[0] ?? 0)}, 'UTC')`
    : `toDateTime(${seconds} + transform(roundDown(${seconds}, ${from}), ${from}, ${ahead}, toInt64(0)), 'UTC')`;
};

const HANDS: Readonly<Record<ClockPart["hand"], string>> = {
  MINUTE_OF_HOUR: "toMinute",
  HOUR_OF_DAY: "toHour",
  DAY_OF_WEEK: "toDayOfWeek",
  DAY_OF_MONTH: "toDayOfMonth",
  WEEK_OF_YEAR: "toISOWeek",
  MONTH_OF_YEAR: "toMonth",
  QUARTER_OF_YEAR: "toQuarter",
  YEAR: "toYear",
};

/** A part of a column: text, empty where it is missing, or a whole number; `column` is where a table holds what it is a part of. */
export const partSql = ({ of, part }: PartField, params: Params, column = of): string =>
  part.kind === "CLOCK" ? `${HANDS[part.hand]}(${localSql(column, part, params)})` : urlSql(column, part, params);
