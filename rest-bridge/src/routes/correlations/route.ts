import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import { toProvenance } from "../../answers/provenance.ts";
import {
  RestCorrelationBacktestDocument,
  RestCorrelationDocument,
  RestCorrelationMatchesDocument,
  RestCorrelationsDocument,
  RestDefineCorrelationDocument,
  RestPinCorrelationDocument,
  RestRetireCorrelationDocument,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { momentParameter } from "../audit-log/moment.ts";
import * as descriptions from "./description.ts";
import { toBacktest, toDefinition } from "./question.ts";

const DEFAULT_FIRST = "50";
const ID = "correlation_id";
/** Ids of rules stand in the path, where the graph calls them otherwise. */
const naming = (field: string): string => (field === "rule" || field === "id" ? ID : field);

const [list, one] = [graphQuestion(RestCorrelationsDocument), graphQuestion(RestCorrelationDocument, naming)];
const define = graphQuestion(RestDefineCorrelationDocument);
const [retire, pin] = [
  graphQuestion(RestRetireCorrelationDocument, naming),
  graphQuestion(RestPinCorrelationDocument, naming),
];
const matches = graphQuestion(RestCorrelationMatchesDocument, naming);
const backtest = graphQuestion(RestCorrelationBacktestDocument);

/** Members in snake case; a pattern keeps the names of the input it was made by. */
const inWords = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "__typename")
      .map(([name, part]: [string, unknown]) => [snakeCase(name), name === "pattern" ? part : inRestWords(part, name)]),
  );
const noRule = () => refuse("NOT_FOUND", "The tenant has no correlation rule of this id and version.", { field: ID });
const withWarnings = (warnings: readonly unknown[]) => (warnings.length === 0 ? {} : { warnings });

const registerRules = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, descriptions.correlationsDescription, async (request) => {
    const { retired, first, after } = request.query;
    const variables = { retired: retired === "true", first: Number(first ?? DEFAULT_FIRST), after: after ?? null };
    const { edges, pageInfo } = (await list(deps.graph, request, variables)).data.correlationRules;
    return { correlations: edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(pageInfo) };
  });
  serveRoute(server, deps, descriptions.correlationDescription, async (request) => {
    const { version } = request.query;
    const variables = { id: request.path[ID], version: version === undefined ? null : Number(version) };
    const { data, warnings } = await one(deps.graph, request, variables);
    if (data.correlationRule === null) throw noRule();
    return { ...inWords(data.correlationRule), ...withWarnings(warnings) };
  });
  serveRoute(server, deps, descriptions.defineCorrelationDescription, async (request) => {
    ownTenant(request.caller, request.body.tenant_id);
    const { data } = await define(deps.graph, request, { input: toDefinition(request.body) });
    const outcome = data.defineCorrelationRule;
    if (outcome.__typename === "TooManyCorrelationRules")
      throw refuse("CONFLICT", `There are ${outcome.limit} correlation rules, as many as there may be: retire one.`);
    return { changed: outcome.changed, correlation: inWords(outcome.rule) };
  });
  serveRoute(server, deps, descriptions.retireCorrelationDescription, async (request) => {
    const outcome = (await retire(deps.graph, request, { id: request.path[ID] })).data.retireCorrelationRule;
    if (outcome.__typename === "CorrelationRuleNotFound") throw noRule();
    return inWords(outcome.rule);
  });
  serveRoute(server, deps, descriptions.pinCorrelationDescription, async (request) => {
    const variables = { id: request.path[ID], version: request.body.version };
    const outcome = (await pin(deps.graph, request, variables)).data.pinCorrelationRule;
    if (outcome.__typename === "CorrelationRuleNotFound") throw noRule();
    return inWords(outcome.rule);
  });
};

/** The range of a query string; null when it names none, and open to now when it has no end. */
const rangeOf = (query: { readonly from?: string; readonly to?: string }) => {
  const [from, to] = [momentParameter(query.from, "from"), momentParameter(query.to, "to")];
  if (from === null && to === null) return null;
  if (from === null) throw refuse("BAD_INPUT", "`to` needs a `from`.", { field: "from" });
  return to === null ? { from } : { from, to };
};

/** Adds every address about correlation rules, under /api/v2/analytics/correlations. */
export const registerCorrelations = (server: HttpServer, deps: GraphRouteDeps): void => {
  registerRules(server, deps);
  serveRoute(server, deps, descriptions.correlationMatchesDescription, async (request) => {
    const { query, path } = request;
    const variables = {
      ...{ rule: path[ID], range: rangeOf(query), first: Number(query.first ?? DEFAULT_FIRST) },
      after: query.after ?? null,
    };
    const { data, warnings } = await matches(deps.graph, request, variables);
    const { edges, pageInfo } = data.correlationMatches;
    return {
      ...{ matches: edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(pageInfo) },
      ...withWarnings(warnings),
    };
  });
  serveRoute(server, deps, descriptions.backtestCorrelationDescription, async (request) => {
    ownTenant(request.caller, request.body.tenant_id);
    const { data, warnings } = await backtest(deps.graph, request, { input: toBacktest(request.body) });
    const { provenance, ...answer } = data.backtestCorrelationRule;
    return { ...inWords(answer), provenance: toProvenance(provenance), ...withWarnings(warnings) };
  });
};
