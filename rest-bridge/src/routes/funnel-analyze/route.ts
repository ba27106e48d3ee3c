import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestFunnelAnalyzeDocument, type RestFunnelAnalyzeQuery } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { toMaxStaleness } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { funnelAnalyzeDescription } from "./description.ts";
import { toFunnelInput, type FunnelQuestion } from "./question.ts";

const funnel = graphQuestion(RestFunnelAnalyzeDocument);

/** What goes with converting, with fields by the names they were asked for by. */
const asAsked = (
  correlation: RestFunnelAnalyzeQuery["funnel"]["correlation"],
  question: FunnelQuestion,
): RestFunnelAnalyzeQuery["funnel"]["correlation"] =>
  correlation.map((one) => ({
    ...one,
    field: question.correlation?.fields?.find((name) => toFieldName(name) === one.field) ?? one.field,
  }));

/** Adds POST /api/v2/analytics/funnel/analyze. */
export const registerFunnelAnalyze = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, funnelAnalyzeDescription, async (request) => {
    const { body, caller } = request;
    ownTenant(caller, body.tenant_id);
    const { data, warnings } = await funnel(deps.graph, request, {
      input: toFunnelInput(body),
      ...toMaxStaleness(body),
    });
    const { provenance, correlation, ...answer } = data.funnel;
    const parts = Object.entries({ ...answer, correlation: asAsked(correlation, body) });
    return {
      ...Object.fromEntries(
        parts
          .filter(([name]) => name !== "__typename")
          .map(([name, part]): [string, unknown] => [snakeCase(name), inRestWords(part, name)]),
      ),
      provenance: toProvenance(provenance),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
