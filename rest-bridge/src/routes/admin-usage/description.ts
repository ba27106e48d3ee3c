import { Type } from "typebox";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

/** Buckets of usage, as REST writes them. */
export const GRANULARITIES = ["hour", "day", "week", "month", "total"] as const;
/** Dimensions of usage, as REST writes them. */
export const DIMENSIONS = ["kind", "operation", "subject", "api_key"] as const;
/** Kinds of work, as REST writes them. */
export const KINDS = ["query", "mutation", "subscription", "ingest", "job", "export", "administration"] as const;

const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));
const list = (description: string) => text(4_000, `${description}; several are separated by commas.`);

const query = Type.Object(
  {
    from: Type.String({ maxLength: 40, description: "Begin of the interval, RFC 3339." }),
    to: Type.String({ maxLength: 40, description: "End of the interval, RFC 3339." }),
    granularity: Type.Optional(
      Type.Enum([...GRANULARITIES], { default: "day", description: "Width of the buckets, in UTC." }),
    ),
    dimensions: list(`What usage is told apart by: ${DIMENSIONS.join(", ")}`),
    kinds: list(`Narrows to kinds of work: ${KINDS.join(", ")}`),
    operations: list("Narrows to operations by name"),
    subjects: list("Narrows to keys, people or processes by id"),
    api_keys: list("Narrows to API keys by their public part"),
  },
  { additionalProperties: false },
);
const body = Type.Unknown();

const WHOLE = [
  ...["executions", "queries", "mutations", "subscriptions", "jobs", "exports", "refused", "failed"],
  ...["rows_read", "bytes_read", "response_bytes", "export_bytes", "events", "predictions"],
] as const;
const whole = (coordinate: string) => Type.Union([Type.Number(), Type.String()], from(coordinate));
const camel = (name: string): string => name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
const measures = (coordinate: string) =>
  Type.Object(
    {
      ...Object.fromEntries(WHOLE.map((name) => [name, whole(`UsageMeasures.${camel(name)}`)])),
      ...Object.fromEntries(
        ["cost_points", "store_ms", "elapsed_ms", "subscription_minutes"].map((name) => [
          name,
          Type.Number(from(`UsageMeasures.${camel(name)}`)),
        ]),
      ),
    },
    from(coordinate),
  );
const nullable = (name: string) => Type.Union([Type.String(), Type.Null()], from(`UsageRow.${name}`));

const answer = Type.Object(
  {
    tenant_id: Type.String(from("Usage.tenantId")),
    from: Type.String(from("Usage.from")),
    to: Type.String(from("Usage.to")),
    granularity: Type.Enum([...GRANULARITIES], from("Usage.granularity")),
    rows: Type.Array(
      Type.Object({
        from: Type.String(from("UsageRow.from")),
        kind: nullable("kind"),
        operation: nullable("operation"),
        subject: Type.Union(
          [
            Type.Object({
              kind: Type.String(from("CallerSubject.kind")),
              id: Type.String(from("CallerSubject.id")),
            }),
            Type.Null(),
          ],
          from("UsageRow.subject"),
        ),
        api_key_id: nullable("apiKeyId"),
        storage_bytes: Type.Union([Type.Number(), Type.String(), Type.Null()], from("UsageRow.storageBytes")),
        measures: measures("UsageRow.measures"),
      }),
      from("Usage.rows"),
    ),
    totals: measures("Usage.totals"),
    truncated: Type.Boolean(from("Usage.truncated")),
    as_of: Type.String(from("Usage.asOf")),
  },
  { title: "TenantUsage" },
);

/** GET /api/v2/admin/tenants/{id}/usage. */
export const adminUsageDescription = {
  method: "get",
  path: "/api/v2/admin/tenants/{id}/usage",
  pathParameters: { id: "The caller's own tenant; another one for operators." },
  operationId: "getTenantUsage",
  tag: "Administration",
  summary: "What a tenant used",
  graphql: "Query.usage",
  query,
  body,
  answers: { 200: { description: "Usage by bucket and dimension.", schema: answer } },
  refusals: ["BAD_INPUT", "TENANT_MISMATCH", "NOT_FOUND"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
