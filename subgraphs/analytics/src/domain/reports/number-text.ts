import type { DurationUnit, MetricFormat } from "../semantic/metric-format.ts";
import { shortTime } from "./read-columns.ts";
import type { ReportCell, ReportColumn } from "./section.ts";

/** Digits behind the point of a number that no format says anything of. */
const DECIMALS = 4;
/** Digits behind the point of a part of one as a percentage. */
const PERCENT_DECIMALS = 1;
const UNITS: Readonly<Record<DurationUnit, string>> = {
  ...{ MILLISECONDS: "ms", SECONDS: "s", MINUTES: "min", HOURS: "h", DAYS: "d" },
};
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

const grouped = (digits: string): string => digits.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");

/** A decimal with its thousands set apart, to its last digit. */
const decimalText = (text: string): string => {
  const [, sign, whole, fraction] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return text;
  return `${sign ?? ""}${grouped(whole)}${fraction === undefined ? "" : `.${fraction}`}`;
};

const fixed = (value: number, least: number, most: number): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });

const percent = (value: number, decimals: number): string => `${fixed(value * 100, decimals, decimals)} %`;

const formatted = (value: number, { kind, decimals, currency, unit }: MetricFormat): string => {
  switch (kind) {
    case "NUMBER":
      return fixed(value, decimals, decimals);
    case "PERCENT":
      return percent(value, decimals);
    case "CURRENCY":
      return `${fixed(value, decimals, decimals)} ${currency ?? ""}`.trim();
    case "DURATION":
      return `${fixed(value, decimals, decimals)} ${unit === null ? "" : UNITS[unit]}`.trim();
  }
};

/** A number as it is shown where no column says what it is. */
export const numberText = (value: number, format: MetricFormat | null = null): string =>
  format === null ? fixed(value, 0, DECIMALS) : formatted(value, format);

/** A part of one as it is shown. */
export const shareText = (value: number): string => percent(value, PERCENT_DECIMALS);

/** A value of a table as people read it: numbers by their format, moments in their zone; nothing where there is none. */
export const cellText = (cell: ReportCell, { kind, format }: ReportColumn): string => {
  if (cell === null) return "";
  switch (kind) {
    case "TEXT":
      return String(cell);
    case "BOOLEAN":
      return cell === true ? "yes" : "no";
    case "TIME":
      return shortTime(String(cell));
    case "SHARE":
      return shareText(Number(cell));
    case "DECIMAL":
      return format === null ? decimalText(String(cell)) : formatted(Number(cell), format);
    case "INTEGER":
    case "NUMBER":
      return numberText(Number(cell), format);
  }
};

/** True for columns whose values are numbers, which stand to the right. */
export const isNumeric = ({ kind }: ReportColumn): boolean =>
  kind === "INTEGER" || kind === "NUMBER" || kind === "DECIMAL" || kind === "SHARE";

const digits = (decimals: number): string => (decimals === 0 ? "" : `.${"0".repeat(decimals)}`);

/** How a spreadsheet shows a column's numbers, in the words of ECMA-376 (18.8.31); null where it shows them as they are. */
export const spreadsheetFormat = ({ kind, format }: ReportColumn): string | null => {
  if (kind === "TIME") return "yyyy-mm-dd hh:mm";
  if (kind === "SHARE") return "0.0%";
  if (kind === "TEXT" || kind === "BOOLEAN") return null;
  if (format === null) return kind === "INTEGER" ? "#,##0" : null;
  const number = `#,##0${digits(format.decimals)}`;
  switch (format.kind) {
    case "NUMBER":
      return number;
    case "PERCENT":
      return `0${digits(format.decimals)}%`;
    case "CURRENCY":
      return `${number} "${format.currency ?? ""}"`;
    case "DURATION":
      return `${number} "${format.unit === null ? "" : UNITS[format.unit]}"`;
  }
};
