import { cellText, isNumeric, shareText } from "../../domain/reports/number-text.ts";
import { figuresOf, pictureOf } from "../../domain/reports/picture.ts";
import { shortTime } from "../../domain/reports/read-columns.ts";
import type { ReportContent, ReportTable, Section, SectionSource } from "../../domain/reports/section.ts";
import { escaped, escapedLines } from "./html-text.ts";
import type { Drawn } from "./draw-chart.ts";

/** Rows of a table on the page: more are for the other files. */
export const ROWS_ON_PAGE = 100;
const FONT = "font-family:'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif";
const [INK, FAINT, LINE, HEAD] = ["#24292f", "#57606a", "#d8dee4", "#f6f8fa"];
const CELL = `padding:5px 10px;border-bottom:1px solid ${LINE};font-size:13px;line-height:18px;vertical-align:top`;
/** Nothing is loaded and nothing runs: pictures and styles are in the file. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const paragraph = (text: string, style = ""): string =>
  `<p style="margin:6px 0;font-size:13px;line-height:19px;color:${FAINT};${style}">${text}</p>`;

const headOf = ({ columns }: ReportTable): string =>
  columns
    .map((column) => {
      const align = isNumeric(column) ? "right" : "left";
      return `<th scope="col" align="${align}" style="${CELL};background:${HEAD};text-align:${align};font-weight:600">${escaped(column.name)}</th>`;
    })
    .join("");

const rowOf = ({ columns }: ReportTable, row: ReportTable["rows"][number]): string =>
  columns
    .map((column, place) => {
      const align = isNumeric(column) ? "right" : "left";
      const text = escaped(cellText(row[place] ?? null, column));
      return `<td align="${align}" style="${CELL};text-align:${align}${isNumeric(column) ? ";white-space:nowrap" : ""}">${text}</td>`;
    })
    .join("");

const tableOf = (table: ReportTable, caption: string): string => {
  if (table.rows.length === 0) return paragraph("No rows.");
  const shown = table.rows.slice(0, ROWS_ON_PAGE);
  const more =
    table.rows.length > shown.length
      ? paragraph(`${shown.length} of ${table.rows.length.toLocaleString("en-US")} rows; the other files have all.`)
      : "";
  const rows = shown.map((row) => `<tr>${rowOf(table, row)}</tr>`).join("\n");
  return `<table cellpadding="0" cellspacing="0" border="0" width="100%" style="border-collapse:collapse;margin:10px 0">
<caption align="left" style="text-align:left;font-size:12px;color:${FAINT};padding:4px 0">${escaped(caption)}</caption>
<thead><tr>${headOf(table)}</tr></thead>
<tbody>
${rows}
</tbody></table>${more}`;
};

const rangeText = ({ from, to }: NonNullable<SectionSource["range"]>): string =>
  `${shortTime(from)} to ${shortTime(to)} (end not included)`;

const sourceText = ({
  asOf,
  timeZone,
  exactness,
  relativeError,
  rowsFilteredBy,
  maskedColumns,
  range,
}: SectionSource): string => {
  const error = relativeError === null ? "" : `, standard error up to ${shareText(relativeError)}`;
  return [
    ...(range === null ? [] : [`Range: ${rangeText(range)}`]),
    `Zone: ${timeZone}`,
    `As of: ${asOf}`,
    exactness === "EXACT" ? "Exact" : `Approximate${error}`,
    ...(rowsFilteredBy.length === 0 ? [] : [`Without rows hidden by: ${rowsFilteredBy.join(", ")}`]),
    ...(maskedColumns.length === 0 ? [] : [`Masked: ${maskedColumns.join(", ")}`]),
  ]
    .map(escaped)
    .join(" · ");
};

type Answered = Extract<Section, { readonly kind: "ANSWER" }>;

const figures = (section: Answered): string | null => {
  const found = figuresOf(section);
  if (found === null) return null;
  const cells = found.map(
    ({ column, cell }) => `<td style="padding:8px 28px 8px 0;vertical-align:top">
<div style="font-size:12px;color:${FAINT}">${escaped(column.name)}</div>
<div style="font-size:30px;line-height:38px;font-weight:600;color:${INK}">${cell === null ? "–" : escaped(cellText(cell, column))}</div></td>`,
  );
  return `<table role="presentation" cellpadding="0" cellspacing="0" border="0"><tr>${cells.join("")}</tr></table>`;
};

/** What a picture shows, for whom it is not seen: the numbers themselves are in the table below it. */
const altOf = (section: Answered): string => {
  const { shape } = section.parts;
  const named = (names: readonly string[]): string =>
    `${names.slice(0, 8).join(", ")}${names.length > 8 ? " and others" : ""}`;
  switch (shape.kind) {
    case "SERIES":
      return `Chart of ${section.title}: ${named(shape.series.map(({ name }) => name))}, for ${shape.categories.length} ${shape.timed ? "moments" : "rows"}. The numbers are in the table below.`;
    case "MATRIX":
      return `Heatmap of ${section.title}: ${shape.rows.length} rows by ${shape.columns.length} columns. The numbers are in the table below.`;
    case "STEPS":
      return `Funnel of ${section.title}: ${shape.steps.map(({ label, value }) => `${label} ${value}`).join(", ")}.`;
    case "FLOWS":
      return `Flows of ${section.title} between ${named(shape.nodes.map(({ name }) => name))}. The numbers are in the table below.`;
    default:
      return section.title;
  }
};

/** Pictures by the sections they are of. */
export type Pictures = ReadonlyMap<Section, Drawn>;

const pictureIn = (section: Answered, pictures: Pictures): string => {
  const drawn = pictures.get(section);
  if (drawn === undefined) return "";
  const { png, width, height } = drawn;
  const data = Buffer.from(png).toString("base64");
  const notes = pictureOf(section.chart, section.parts.shape)?.notes ?? [];
  return `<img alt="${escaped(altOf(section))}" width="${width}" height="${height}" style="display:block;width:100%;max-width:${width}px;height:auto;border:0" src="data:image/png;base64,${data}">${notes.map((note) => paragraph(escaped(note))).join("")}`;
};

const bodyOf = (section: Section, pictures: Pictures): string => {
  switch (section.kind) {
    case "TEXT":
      return paragraph(escapedLines(section.text), `color:${INK}`);
    case "ERROR":
      return paragraph(
        `<strong>This question could not be answered (${escaped(section.code)}).</strong> ${escaped(section.detail)}`,
        "color:#82071e",
      );
    case "ANSWER": {
      const large = figures(section);
      const tables = section.parts.tables.map((table, place) =>
        place === 0 && large !== null ? "" : tableOf(table, table.title === "" ? section.title : table.title),
      );
      const notes = section.parts.notes.map((note) => paragraph(escaped(note)));
      return [
        large ?? pictureIn(section, pictures),
        ...tables,
        ...notes,
        paragraph(sourceText(section.parts.source), "font-size:11px;line-height:16px"),
      ].join("\n");
    }
  }
};

const sectionOf = (
  section: Section,
  pictures: Pictures,
): string => `<tr><td style="padding:18px 24px;border-top:1px solid ${LINE}">
<h2 style="margin:0 0 10px;font-size:17px;line-height:24px;color:${INK}">${escaped(section.title)}</h2>
${bodyOf(section, pictures)}
</td></tr>`;

/** A report as one HTML file that needs nothing else: laid out in tables with styles of their own, as readers of mail need it, without scripts. */
export const writeHtml = (content: ReportContent, pictures: Pictures): Uint8Array => {
  const { title, description, dueAt, timeZone, source, sections } = content;
  const about = description === "" ? "" : paragraph(escapedLines(description));
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escaped(title)}</title>
</head>
<body style="margin:0;padding:0;background:#eef1f4;color:${INK};${FONT}">
<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%" style="background:#eef1f4"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="768" style="width:100%;max-width:768px;background:#ffffff;border:1px solid ${LINE}">
<tr><td style="padding:22px 24px">
<h1 style="margin:0 0 6px;font-size:24px;line-height:32px;color:${INK}">${escaped(title)}</h1>
${about}
${paragraph(escaped(`Due ${shortTime(dueAt)} (${timeZone}) · ${source}`))}
</td></tr>
${sections.map((section) => sectionOf(section, pictures)).join("\n")}
</table>
</td></tr></table>
</body>
</html>
`;
  return Buffer.from(html, "utf8");
};
