import { Type } from "typebox";
import type { RouteDescription } from "../../http/route-description.ts";

/** Media type of an export: one JSON object per line. */
export const LINES_MEDIA_TYPE = "application/x-ndjson";

const moment = (description: string) =>
  Type.Optional(Type.String({ maxLength: 40, examples: ["2026-11-01T00:00:00Z"], description }));

const query = Type.Object(
  {
    from: moment("Recorded from this moment on; from the oldest kept record when left out."),
    to: moment("Recorded before this moment; until now when left out."),
  },
  { additionalProperties: false },
);
const body = Type.Unknown();

/** GET /api/v2/audit/export. */
export const auditExportDescription = {
  method: "get",
  path: "/api/v2/audit/export",
  operationId: "exportAuditLog",
  tag: "Audit",
  summary: "The audit log as a file that can be verified offline",
  description: [
    "A stream of lines: a header with the public keys, every record in the order of the log with its hash, every seal behind its last record, and an end.",
    "What was recorded until now is sealed first. A file without its end line is not complete: the last line then tells why.",
    "Verify it with `node scripts/verify-audit-export.mjs <file>`, which needs nothing but Node.",
  ].join(" "),
  query,
  body,
  answers: {
    200: {
      description: "The lines.",
      schema: Type.String({ description: "One JSON object per line." }),
      mediaType: LINES_MEDIA_TYPE,
    },
  },
  refusals: ["BAD_INPUT", "CONFLICT", "QUERY_TIMEOUT"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
