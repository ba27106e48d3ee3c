import { z } from "zod";
import { cellsOf } from "../columns.ts";
import type { MetricFormat } from "../semantic/metric-format.ts";
import type { ReportCell, ReportColumn, ReportTable, SectionSource } from "./section.ts";

const named = { name: z.string(), role: z.enum(["TIME", "DIMENSION", "MEASURE"]) };
const text = z.string().nullable();
const number = z.number().nullable();

/** Reads a column of an answer. */
export const columnShape = z.discriminatedUnion("kind", [
  z.object({ ...named, kind: z.literal("TEXT"), texts: z.array(text) }),
  z.object({ ...named, kind: z.literal("INTEGER"), integers: z.array(number) }),
  z.object({ ...named, kind: z.literal("NUMBER"), numbers: z.array(number) }),
  z.object({ ...named, kind: z.literal("DECIMAL"), decimals: z.array(text) }),
  z.object({ ...named, kind: z.literal("BOOLEAN"), booleans: z.array(z.boolean().nullable()) }),
  z.object({ ...named, kind: z.literal("TIME"), times: z.array(text) }),
]);
/** A column of an answer. */
export type AnswerColumn = z.infer<typeof columnShape>;

const provenanceShape = z.object({
  asOf: z.string(),
  timeZone: z.string(),
  exactness: z.enum(["EXACT", "APPROXIMATE"]),
  relativeError: number,
  rowsFilteredBy: z.array(z.string()),
  maskedColumns: z.array(z.string()),
});

/** Reads what every answer says of itself; `range` is missing from none that has one. */
export const sourceShape = z
  .object({ provenance: provenanceShape, range: z.object({ from: z.string(), to: z.string() }).optional() })
  .transform(({ provenance, range = null }): SectionSource => ({ ...provenance, range: range ?? null }));

/** Formats of metrics by the names of their columns. */
export type Formats = ReadonlyMap<string, MetricFormat>;

/** The values of a column as numbers, for what is drawn alone. */
export const numbersIn = (column: AnswerColumn): readonly (number | null)[] =>
  cellsOf(column).map((cell) => (cell === null || typeof cell === "boolean" ? null : Number(cell)));

/** Columns of an answer as a table. */
export const tableOf = (title: string, columns: readonly AnswerColumn[], formats: Formats): ReportTable => {
  const cells = columns.map(cellsOf);
  return {
    title,
    columns: columns.map(({ name, kind, role }): ReportColumn => ({
      ...{ name, kind },
      format: role === "MEASURE" ? (formats.get(name) ?? null) : null,
    })),
    rows: Array.from({ length: cells[0]?.length ?? 0 }, (_, row) => cells.map((column) => column[row] ?? null)),
  };
};

const MIDNIGHT = /T00:00(?::00)?(?:\.000)?(?:Z|[+-]\d{2}:\d{2})$/;
const OFFSET = /(?::00)?(?:\.000)?(?:Z|[+-]\d{2}:\d{2})$/;

/** A moment in few characters: its date alone at midnight, else date and time on the zone's clock. */
export const shortTime = (time: string): string =>
  MIDNIGHT.test(time) ? time.slice(0, 10) : time.replace(OFFSET, "").replace("T", " ");

/** How a value that is missing, or an empty text, is called among others. */
export const NO_VALUE = "(none)";

/** A value as it is called where it names something. */
export const labelOf = (cell: ReportCell): string => (cell === null || cell === "" ? NO_VALUE : String(cell));
