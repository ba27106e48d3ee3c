import { writeXlsx, type CellValue, type WriteSheet } from "hucre/xlsx";
import { spreadsheetFormat } from "../../domain/reports/number-text.ts";
import { inOneLine, printable } from "@tessera/platform/pictures/printable";
import type { ReportCell, ReportColumn, ReportContent, ReportTable } from "../../domain/reports/section.ts";

/** Characters of a sheet's name, and those that a name may not have (ECMA-376 and Excel). */
const NAME_CHARACTERS = 31;
const NOT_IN_NAMES = /[\\/?*[\]:']/g;
/** Characters of a cell (Excel). */
const CELL_CHARACTERS = 32_767;
/** Digits that a spreadsheet's numbers keep; a decimal with more is a text. */
const DIGITS = 15;
const [NARROWEST, WIDEST] = [8, 60];

/** The reading of the zone's clock, which spreadsheets take for a date without a zone. */
const localDate = (time: string): Date => new Date(`${time.replace(/(?:Z|[+-]\d{2}:\d{2})$/, "")}Z`);

const text = (value: string): string => printable(value).slice(0, CELL_CHARACTERS);

const cellOf = (cell: ReportCell, { kind }: ReportColumn): CellValue => {
  if (cell === null || typeof cell === "boolean" || typeof cell === "number") return cell;
  if (kind === "TIME") return localDate(cell);
  if (kind === "DECIMAL" && cell.replaceAll(/\D/g, "").length <= DIGITS) return Number(cell);
  return text(cell);
};

const widthOf = (place: number, { columns, rows }: ReportTable): number => {
  const longest = rows.slice(0, 200).reduce((most, row) => Math.max(most, String(row[place] ?? "").length), 0);
  return Math.min(WIDEST, Math.max(NARROWEST, longest + 2, (columns[place]?.name.length ?? 0) + 2));
};

const sheetOf = (name: string, table: ReportTable): WriteSheet => ({
  name,
  columns: table.columns.map((column, place) => {
    const numFmt = spreadsheetFormat(column);
    return { width: widthOf(place, table), ...(numFmt === null ? {} : { numFmt }) };
  }),
  rows: [
    table.columns.map(({ name: title }) => text(title)),
    ...table.rows.map((row) => table.columns.map((column, place) => cellOf(row[place] ?? null, column))),
  ],
  freezePane: { rows: 1 },
});

/** Names of sheets, each another, without regard to case, as spreadsheets need them. */
const namesOf = (titles: readonly string[]): readonly string[] => {
  const taken = new Set(["history"]);
  return titles.map((title) => {
    const plain = inOneLine(title.replaceAll(NOT_IN_NAMES, " "), NAME_CHARACTERS) || "Sheet";
    for (let count = 1; ; count += 1) {
      const suffix = count === 1 ? "" : ` (${count})`;
      const name = `${plain.slice(0, NAME_CHARACTERS - suffix.length)}${suffix}`;
      if (taken.has(name.toLowerCase())) continue;
      taken.add(name.toLowerCase());
      return name;
    }
  });
};

/** What stands on the first sheet: what the report is, and where each sheet's numbers come from. */
const aboutSheet = (
  content: ReportContent,
  named: readonly { readonly name: string; readonly place: number }[],
): WriteSheet => ({
  name: "About",
  columns: [{ width: 24 }, { width: 34 }, { width: 34 }, { width: 24 }, { width: 30 }],
  rows: [
    [text(content.title)],
    [text(content.description)],
    ["Due", content.dueAt, content.timeZone],
    ["Of", text(content.source)],
    [],
    ["Sheet", "Section", "Range", "As of", "Exactness and what was hidden"],
    ...named.map(({ name, place }): CellValue[] => {
      const section = content.sections[place];
      if (section?.kind !== "ANSWER") return [name];
      const { range, asOf, exactness, rowsFilteredBy, maskedColumns } = section.parts.source;
      const hidden = [
        ...rowsFilteredBy.map((column) => `rows by ${column}`),
        ...maskedColumns.map((column) => `${column} masked`),
      ];
      return [
        ...[name, text(section.title), range === null ? "" : `${range.from} – ${range.to}`, asOf],
        [exactness === "EXACT" ? "exact" : "approximate", ...hidden].join("; "),
      ];
    }),
    ...content.sections.flatMap((section): CellValue[][] =>
      section.kind === "ERROR" ? [["", text(section.title), `${section.code}: ${text(section.detail)}`]] : [],
    ),
  ],
});

/** A report as a workbook: a sheet for each table after one that tells what they are. Texts are texts, whatever they begin with; moments are those of the zone's clock. */
export const writeWorkbook = async (content: ReportContent): Promise<Uint8Array> => {
  const tables = content.sections.flatMap((section, place) =>
    section.kind === "ANSWER" ? section.parts.tables.map((table) => ({ place, section, table })) : [],
  );
  const [about = "About", ...names] = namesOf([
    "About",
    ...tables.map(({ section, table }) => (table.title === "" ? section.title : `${table.title} – ${section.title}`)),
  ]);
  const named = tables.map(({ place }, index) => ({ name: names[index] ?? about, place }));
  const sheets = tables.map(({ table }, index) => sheetOf(names[index] ?? about, table));
  return writeXlsx({ sheets: [aboutSheet(content, named), ...sheets] });
};
