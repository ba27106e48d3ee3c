import { Type } from "typebox";
import { PROVENANCE_HEADER } from "../../answers/provenance-header.ts";
import { ROWS_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { questionSchema } from "../realtime-query/question.ts";

/** Media type of rows as lines. */
export const NDJSON = "application/x-ndjson";
/** Media type of rows as record batches: https://arrow.apache.org/docs/format/IPC.html. */
export const ARROW_STREAM = "application/vnd.apache.arrow.stream";

const { tenant_id, range, measures, dimensions, filters, granularity, time_zone, order_by, allow_unknown } =
  questionSchema.properties;
const parts = { tenant_id, range, measures, dimensions, filters, granularity, time_zone, order_by, allow_unknown };

/** A question whose rows are streamed: as to the realtime query route, but for what is about how many rows there are, and how they look. */
export const streamedQuestionSchema = Type.Object(parts, { additionalProperties: false, title: "StreamedQuestion" });

const query = Type.Object({}, { additionalProperties: false });

const HEADERS = {
  "tessera-as-of": "Every event acknowledged before this moment is in the rows.",
  "tessera-exactness": "`exact`, or `approximate` when a column is estimated by a sketch.",
  ...PROVENANCE_HEADER,
} as const;

const WHOLE =
  "All rows of one moment, however many, as fast as they are taken. What can't be brought to its end is cut off, so that no part is taken for the whole.";

const common = {
  method: "post",
  tag: "Analytics",
  query,
  body: streamedQuestionSchema,
  refusals: ROWS_REFUSALS,
  authenticated: true,
} as const;

/** POST /api/v2/analytics/query/ndjson. */
export const olapNdjsonDescription = {
  ...common,
  path: "/api/v2/analytics/query/ndjson",
  operationId: "streamRowsAsNdjson",
  summary: "All rows of a question, one JSON object per line",
  description: `${WHOLE} A line has its values under the names of their columns.`,
  answers: {
    200: {
      description: "The rows.",
      schema: Type.String({ description: "One JSON object per line." }),
      mediaType: NDJSON,
      headers: HEADERS,
    },
  },
} as const satisfies RouteDescription<typeof query, typeof streamedQuestionSchema>;

/** POST /api/v2/analytics/query/arrow. */
export const olapArrowDescription = {
  ...common,
  path: "/api/v2/analytics/query/arrow",
  operationId: "streamRowsAsArrow",
  summary: "All rows of a question as an Apache Arrow stream",
  description: `${WHOLE} Texts are Utf8, integers Int64, decimals Decimal128 with four places, times Timestamp in milliseconds; a cut-off stream has no end-of-stream marker.`,
  answers: {
    200: {
      description: "The rows in record batches.",
      schema: Type.String({ format: "binary", description: "Arrow IPC streaming format." }),
      mediaType: ARROW_STREAM,
      headers: HEADERS,
    },
  },
} as const satisfies RouteDescription<typeof query, typeof streamedQuestionSchema>;
