import type { HttpServer } from "@tessera/platform/http/server";
import { nextCursor } from "../../answers/next-cursor.ts";
import { RestAuditLogDocument, type RestAuditLogQuery } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { auditLogDescription } from "./description.ts";
import { momentParameter } from "./moment.ts";

const DEFAULT_FIRST = "50";

type Node = RestAuditLogQuery["auditLog"]["nodes"][number];

const inSnakeCase = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([name, part]) => [snakeCase(name), part]));

const toRecord = ({ subject, usage, kind, decision, transport, ...record }: Node): object => ({
  ...inSnakeCase(record),
  subject: { kind: subject.kind.toLowerCase(), id: subject.id },
  usage: inSnakeCase(usage),
  kind: kind.toLowerCase(),
  decision: decision.toLowerCase(),
  transport: transport.toLowerCase(),
});

/** The part of a request in the route's own words: the filter's fields stand in the query itself. */
const naming = (field: string): string => field.replace(/^filter\./, "");

const auditLog = graphQuestion(RestAuditLogDocument, naming);

/** Adds GET /api/v2/audit. */
export const registerAuditLog = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, auditLogDescription, async (request) => {
    const { query } = request;
    const filter = {
      from: momentParameter(query.from, "from"),
      to: momentParameter(query.to, "to"),
      subjectId: query.subject_id ?? null,
      field: query.field ?? null,
      kind: query.kind?.toUpperCase() ?? null,
      decision: query.decision?.toUpperCase() ?? null,
      code: query.code ?? null,
      objectId: query.object_id ?? null,
      traceId: query.trace_id ?? null,
    };
    const variables = { filter, first: Number(query.first ?? DEFAULT_FIRST), after: query.after ?? null };
    const { data } = await auditLog(deps.graph, request, variables);
    const { nodes, pageInfo } = data.auditLog;
    return { records: nodes.map(toRecord), next_cursor: nextCursor(pageInfo) };
  });
