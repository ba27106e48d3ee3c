import { stringify } from "csv-stringify/sync";
import { inOneLine, printable } from "@tessera/platform/pictures/printable";
import type { ReportCell, ReportContent, ReportTable } from "../../domain/reports/section.ts";

const TITLE_CHARACTERS = 200;
const BYTE_ORDER_MARK = "\ufeff";

const SPREADSHEET_SAFE = { escape_formulas: true, record_delimiter: "windows" } as const;

const line = (cells: readonly string[]): string => stringify([cells.map(printable)], SPREADSHEET_SAFE);

/** Lines of a table: RFC 4180, with what spreadsheets would take for a formula made a text; decimals as the answer has them. */
const linesOf = ({ columns, rows }: ReportTable): string => {
  // Written as a row: the library leaves what it writes as a header as it is, formulas too.
  const header = line(columns.map(({ name }) => name));
  const plain = rows.map((row) => row.map((cell): ReportCell => (typeof cell === "string" ? printable(cell) : cell)));
  const cast = {
    boolean: (value: boolean) => String(value),
    // A decimal is the engine's own text: a minus in front is its sign.
    string: (value: string, { index }: { readonly index: number }) =>
      columns[index]?.kind === "DECIMAL" ? { value, escape_formulas: false } : value,
  };
  return `${header}${stringify(plain, { ...SPREADSHEET_SAFE, cast })}`;
};

/**
 * A report as CSV in UTF-8 with a byte order mark: of one table, its header and its rows alone; of more, each after a line with its title and before an empty
 * line. Numbers are those of the answers, to their last digit.
 */
export const writeCsv = ({ sections }: ReportContent): Uint8Array => {
  const tables = sections.flatMap((section) =>
    section.kind === "ANSWER"
      ? section.parts.tables.map((table) => ({
          title: [section.title, table.title].filter((part) => part !== "").join(": "),
          table,
        }))
      : [],
  );
  const [first] = tables;
  if (first === undefined) return Buffer.from(BYTE_ORDER_MARK);
  const text =
    tables.length === 1
      ? linesOf(first.table)
      : tables.map(({ title, table }) => `${line([inOneLine(title, TITLE_CHARACTERS)])}${linesOf(table)}`).join("\r\n");
  return Buffer.from(`${BYTE_ORDER_MARK}${text}`, "utf8");
};
