import { inflateSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { readXlsx } from "hucre/xlsx";
import { cellText } from "../../domain/reports/number-text.ts";
import { pictureOf } from "../../domain/reports/picture.ts";
import { printable } from "@tessera/platform/pictures/printable";
import type { ReportContent, Section } from "../../domain/reports/section.ts";
import { HOSTILE, reportSections } from "../../../testing/report-answers.ts";
import { PICTURE_WIDTH } from "./chart-option.ts";
import { PICTURE_SCALE } from "@tessera/platform/pictures/draw-picture";
import { drawChart, type Drawn } from "./draw-chart.ts";
import { drawPictures } from "./make-files.ts";
import { escaped } from "./html-text.ts";
import { writeCsv } from "./write-csv.ts";
import { ROWS_ON_PAGE, writeHtml } from "./write-html.ts";
import { writeWorkbook } from "./write-xlsx.ts";

const SLOW_MS = 60_000;
const sections = reportSections();
const content: ReportContent = {
  ...{ title: `Weekly ${HOSTILE.html}`, description: `For everybody\n${HOSTILE.control}`, sections },
  ...{ dueAt: "2026-11-21T07:30:00+01:00", timeZone: "Europe/Berlin", source: "Dashboard “Sales”, version 3" },
};
const answered = sections.filter((one) => one.kind === "ANSWER");
const only = (title: string): ReportContent => ({
  ...content,
  sections: sections.filter((one) => one.title === title),
});
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** Width, height, and how many values the bytes of the picture's points have: one alone where it is blank. */
const decoded = (png: Uint8Array): { readonly width: number; readonly height: number; readonly values: number } => {
  const bytes = Buffer.from(png);
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at) + 12)
    if (bytes.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)));
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    values: new Set(inflateSync(Buffer.concat(parts))).size,
  };
};

let pictures: ReadonlyMap<Section, Drawn>;
let html: string;
beforeAll(async () => {
  pictures = await drawPictures(content, new AbortController().signal);
  html = text(writeHtml(content, pictures));
}, SLOW_MS);

describe("pictures", () => {
  test("are drawn of every answer that has one, as wide as a page, not blank, and the same for the same numbers", async () => {
    expect(answered.flatMap((section) => (pictures.has(section) ? [] : [section.title]))).toEqual([
      "Figures",
      "A table",
    ]);
    for (const { png, height: high } of pictures.values()) {
      const { width, height, values } = decoded(png);
      expect([width, height]).toEqual([PICTURE_WIDTH * PICTURE_SCALE, high * PICTURE_SCALE]);
      expect(values).toBeGreaterThan(20);
    }
    const steps = answered.find(({ title }) => title === "Steps");
    const found = steps === undefined ? null : pictureOf(steps.chart, steps.parts.shape);
    if (steps === undefined || found === null) throw new Error("Steps are drawn.");
    const again = await drawChart(found.picture);
    expect(Buffer.from(again.png).equals(Buffer.from(pictures.get(steps)?.png ?? []))).toBe(true);
  });

  test("leave what is too much to the table, and say so", () => {
    const categories = Array.from({ length: 100 }, (_, index) => `c${index}`);
    const series = Array.from({ length: 12 }, (_, line) => ({
      name: `s${line}`,
      values: categories.map((_c, index) => line * index),
    }));
    const found = pictureOf("BAR", { kind: "SERIES", timed: false, format: null, categories, series });
    expect(found?.notes).toEqual([
      "The picture shows 7 of 12 series; the table has all.",
      "The picture shows 30 of 100 rows; the table has all.",
    ]);
    expect(found?.picture.of).toMatchObject({ categories: categories.slice(0, 30) });
  });
});

describe("a page", () => {
  test("is one file that loads nothing and runs nothing, in which names are names", () => {
    expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'`);
    // Of tags there are those alone that are written here.
    const tags = new Set(Array.from(html.matchAll(/<([a-z0-9]+)[\s>]/g), ([, tag]) => tag));
    const known = [
      "html",
      "head",
      "meta",
      "title",
      "body",
      "table",
      "tr",
      "td",
      "th",
      "thead",
      "tbody",
      "caption",
      "h1",
      "h2",
      "p",
      "br",
      "div",
      "img",
      "strong",
    ];
    expect(tags).toEqual(new Set(known));
    // Within values of attributes everything is a name.
    expect(/<[^>]*\son[a-z]+=/i.test(html.replaceAll(/="[^"]*"/g, ""))).toBe(false);
    expect(Array.from(html.matchAll(/(?:src|href)="([^"]{0,22})/g), ([, from]) => from)).toEqual(
      Array.from({ length: 13 }, () => "data:image/png;base64,"),
    );
    expect(/(?!\n)\p{Cc}|[\u202e]/u.test(html)).toBe(false);
    expect(html).toContain(escaped(HOSTILE.html));
    expect(html).toContain("a\ufffdb\ufffdc\ufffdd");
  });

  test("has every number of its answers in a table, with headers, and a text in place of each picture", () => {
    for (const { title, parts } of answered) {
      if (title === "Figures") continue;
      for (const { columns, rows } of parts.tables) {
        for (const column of columns) expect(html).toContain(`font-weight:600">${escaped(column.name)}</th>`);
        for (const row of rows)
          for (const [place, cell] of row.entries()) {
            const column = columns[place];
            if (column !== undefined) expect(html).toContain(`>${escaped(cellText(cell, column))}</td>`);
          }
      }
    }
    expect(html).toContain(">1,234,567.50 EUR</div>");
    expect(html).toContain(">12.5 %</div>");
    for (const [, alt] of html.matchAll(/<img alt="([^"]*)"/g)) expect(alt?.length).toBeGreaterThan(20);
    expect(html.match(/<th scope="col"/g)?.length).toBe(html.match(/<th /g)?.length);
  });

  test("says range, zone, moment, exactness and what was hidden of each answer, and why one is missing", () => {
    const said =
      "Range: 2026-10-01 to 2026-11-01 (end not included) · Zone: Europe/Berlin · As of: 2026-11-20T12:00:00.000Z · Approximate, standard error up to 0.8 % · Without rows hidden by: country · Masked: userId";
    expect(html.split(said)).toHaveLength(answered.length + 1);
    expect(html).toContain("could not be answered (FORBIDDEN).</strong> `country` needs a permission.");
    expect(html).toContain("There are more rows than the question asks for.");
  });

  test("shows so many rows of a table, and says how many there are", () => {
    const rows = Array.from({ length: 250 }, (_, index) => [`row-${index}`, index]);
    const columns = [
      { name: "what", kind: "TEXT", format: null },
      { name: "n", kind: "INTEGER", format: null },
    ] as const;
    const [first] = answered;
    if (first === undefined) throw new Error("There is an answer.");
    const long = { ...first, chart: "TABLE", parts: { ...first.parts, tables: [{ title: "", columns, rows }] } };
    const page = text(writeHtml({ ...content, sections: [long] }, new Map()));
    expect(page.match(/>row-\d+</g)).toHaveLength(ROWS_ON_PAGE);
    expect(page).toContain("100 of 250 rows; the other files have all.");
  });
});

describe("CSV", () => {
  test("of one table is its header and rows alone, every number to its last digit, no text a formula", () => {
    const [steps] = only("Steps").sections;
    const csv = text(writeCsv(only("Steps")));
    expect(csv).toBe(
      `\ufeffstep,reached,dropped off,of the step before,of the first\r\nview,1000,600,,1\r\n"${HOSTILE.html.replaceAll('"', '""')}",400,350,0.4,0.4\r\npay,50,,0.125,0.05\r\n`,
    );
    expect(steps?.kind).toBe("ANSWER");
    const table = text(writeCsv(only("A table"))).split("\r\n");
    expect(table[0]).toBe("\ufeffA table");
    expect(table[1]).toBe("name,n,'=sum,mean");
    expect(table[2]).toContain(",1234567,-1234.5,0.5");
    expect(table[3]).toBe(`"'=HYPERLINK(""http://example.com"";""x"")",20,12345678901234.5678,0.3333333333333333`);
    expect(table[4]).toBe(`${printable(HOSTILE.control)},3,0,`);
  });

  test("of more has each table after its title", () => {
    const csv = text(writeCsv(content));
    for (const { title } of answered)
      expect(csv).toContain(title === "Figures" ? "Figures\r\nrevenue,rate\r\n1234567.5,0.125\r\n" : title.slice(0, 5));
    expect(csv).toContain("\r\n\r\nA table: Total\r\nn\r\n1234591\r\n");
  });
});

describe("a workbook", () => {
  test("has a sheet for each table after one that tells what they are; numbers are numbers, moments dates, texts texts", async () => {
    const book = await readXlsx(await writeWorkbook(content), { readStyles: true });
    const names = book.sheets.map(({ name }) => name);
    expect(names.length).toBe(1 + answered.flatMap(({ parts }) => parts.tables).length);
    expect(names.every((name) => name.length <= 31 && !/[\\/?*[\]:]/.test(name))).toBe(true);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    const rowsOf = (name: string) => book.sheets.find((sheet) => sheet.name === name)?.rows;
    expect(rowsOf("A table")?.slice(0, 4)).toEqual([
      ["name", "n", "=sum", "mean"],
      [HOSTILE.html, 1234567, -1234.5, 0.5],
      [HOSTILE.formula, 20, "12345678901234.5678", 1 / 3],
      [printable(HOSTILE.control), 3, 0, null],
    ]);
    expect(rowsOf("By day")?.[1]).toEqual([new Date("2026-10-01T00:00:00Z"), "DE", 1]);
    expect(rowsOf("Retention")?.[1]).toEqual([new Date("2026-10-01T00:00:00Z"), 10, 1, 0.5]);
    expect(JSON.stringify(rowsOf("About"))).toContain("approximate; rows by country; userId masked");
    expect(
      book.sheets.flatMap(({ cells }) => [...(cells?.values() ?? [])]).filter(({ formula }) => formula !== undefined),
    ).toEqual([]);
  });
});
