import type { MetricFormat } from "../semantic/metric-format.ts";

/** What a column of a report's table holds. SHARE is a part of one. */
export type ReportColumnKind = "TEXT" | "INTEGER" | "NUMBER" | "DECIMAL" | "BOOLEAN" | "TIME" | "SHARE";

/** A column of a report's table; a metric's numbers are shown by its format. */
export interface ReportColumn {
  readonly name: string;
  readonly kind: ReportColumnKind;
  readonly format: MetricFormat | null;
}

/** A value of a table: decimals and times as text, as the answer has them. */
export type ReportCell = string | number | boolean | null;

/** Numbers of an answer; every row has a cell for each column. */
export interface ReportTable {
  /** What it tells, beside the first table of its section; empty for the first. */
  readonly title: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly (readonly ReportCell[])[];
}

/** A line, or a row of bars. */
export interface PlotSeries {
  readonly name: string;
  /** One for each category. */
  readonly values: readonly (number | null)[];
}

/** What a picture can be made of. */
export type Shape =
  | { readonly kind: "NONE" }
  | { readonly kind: "NUMBERS" }
  | {
      readonly kind: "SERIES";
      readonly categories: readonly string[];
      readonly series: readonly PlotSeries[];
      /** True when the categories are moments in order. */
      readonly timed: boolean;
      readonly format: MetricFormat | null;
    }
  | {
      readonly kind: "MATRIX";
      readonly columns: readonly string[];
      readonly rows: readonly string[];
      /** By row, one for each column. */
      readonly values: readonly (readonly (number | null)[])[];
      /** True when values are parts of one. */
      readonly shares: boolean;
    }
  | { readonly kind: "STEPS"; readonly steps: readonly { readonly label: string; readonly value: number }[] }
  | {
      readonly kind: "FLOWS";
      readonly nodes: readonly { readonly name: string; readonly depth: number }[];
      /** Nodes by their index. */
      readonly links: readonly { readonly from: number; readonly to: number; readonly value: number }[];
    };

/** Where a section's numbers come from, as far as a reader needs to know. */
export interface SectionSource {
  readonly asOf: string;
  readonly timeZone: string;
  readonly exactness: "EXACT" | "APPROXIMATE";
  /** Largest standard error, as a part of the number; null when all are exact. */
  readonly relativeError: number | null;
  readonly rowsFilteredBy: readonly string[];
  readonly maskedColumns: readonly string[];
  readonly range: { readonly from: string; readonly to: string } | null;
}

/** An answer as tables, with what a picture of it is made of. */
export interface AnswerParts {
  readonly tables: readonly ReportTable[];
  readonly shape: Shape;
  /** What the numbers do not say by themselves. */
  readonly notes: readonly string[];
  readonly source: SectionSource;
}

/** A part of a report: a widget of its dashboard, or its saved query. */
export type Section = { readonly title: string } & (
  | { readonly kind: "ANSWER"; readonly chart: string; readonly parts: AnswerParts }
  | { readonly kind: "TEXT"; readonly text: string }
  | { readonly kind: "ERROR"; readonly code: string; readonly detail: string }
);

/** A report with all that is in its files. */
export interface ReportContent {
  readonly title: string;
  readonly description: string;
  /** The moment the report was due, or asked for, RFC 3339 in its zone. */
  readonly dueAt: string;
  readonly timeZone: string;
  /** What it is of: the dashboard or saved query, with its version. */
  readonly source: string;
  readonly sections: readonly Section[];
}
