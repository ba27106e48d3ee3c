import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import {
  RestActiveAnomaliesDocument,
  RestGiveAnomalyFeedbackDocument,
  RestUpdateRuleDocument,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { camelCase, snakeCase } from "../../http/snake-case.ts";
import { activeAnomaliesDescription, giveFeedbackDescription, updateRuleDescription } from "./description.ts";

const DEFAULT_FIRST = "50";
const ID = "rule_id";

const active = graphQuestion(RestActiveAnomaliesDocument, (field) => (field === "ruleId" ? ID : field));
const naming =
  (id: string) =>
  (field: string): string =>
    field === "id" ? id : snakeCase(field.replace(/^input\./, ""));
const update = graphQuestion(RestUpdateRuleDocument, naming(ID));

const ANOMALY_ID = "anomaly_id";
const feedback = graphQuestion(RestGiveAnomalyFeedbackDocument, naming(ANOMALY_ID));

/** Members whose values are words of the graph's enums. */
const inWords = wordsOf(new Set(["state", "severity", "side", "kind", "verdict", "repeats"]));

const serveFeedback = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, giveFeedbackDescription, async (request) => {
    const { tenant_id, verdict, expected, expires_at, ...words } = request.body;
    ownTenant(request.caller, tenant_id);
    const period =
      expected === undefined ? {} : { expected: { ...expected, repeats: expected.repeats?.toUpperCase() ?? "WEEKLY" } };
    const until = expires_at === undefined ? {} : { expiresAt: expires_at };
    const input = { ...words, ...period, ...until, verdict: verdict.toUpperCase() };
    const outcome = (await feedback(deps.graph, request, { id: request.path[ANOMALY_ID], input })).data
      .giveAnomalyFeedback;
    switch (outcome.__typename) {
      case "AnomalyFeedbackSaved": {
        const { id, feedback: said } = outcome.anomaly;
        return inWords({ anomalyId: id, ...said });
      }
      case "AnomalyFeedbackLimitReached":
        throw refuse("CONFLICT", `An anomaly has at most ${outcome.limit} verdicts: stay with one.`, {
          field: ANOMALY_ID,
        });
      case "AnomalyNotFound":
        throw refuse("NOT_FOUND", "The tenant has no anomaly of this id.", { field: ANOMALY_ID });
    }
  });
};

/** Adds GET /api/v2/anomalies/active, PUT /api/v2/anomalies/rules/{rule_id} and POST /api/v2/anomalies/feedback/{anomaly_id}. */
export const registerAnomalies = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveFeedback(server, deps);
  serveRoute(server, deps, activeAnomaliesDescription, async (request) => {
    const { tenant_id, severity, rule_id, first, after } = request.query;
    ownTenant(request.caller, tenant_id);
    const { edges, pageInfo } = (
      await active(deps.graph, request, {
        ...{ first: Number(first ?? DEFAULT_FIRST), after: after ?? null, ruleId: rule_id ?? null },
        severity: severity?.toUpperCase() ?? null,
      })
    ).data.anomalies;
    return {
      anomalies: edges.map(({ node }) => inWords(node)),
      next_cursor: nextCursor(pageInfo),
    };
  });
  serveRoute(server, deps, updateRuleDescription, async (request) => {
    const { tenant_id, ...said } = request.body;
    ownTenant(request.caller, tenant_id);
    const input = Object.fromEntries(Object.entries(said).map(([name, value]) => [camelCase(name), value]));
    const outcome = (await update(deps.graph, request, { id: request.path[ID], input })).data.updateRule;
    switch (outcome.__typename) {
      case "RuleSaved":
        return inWords(outcome.rule);
      case "RuleRejected": {
        const [first] = outcome.problems;
        const told = outcome.problems.map(({ field, message }) => `${field}: ${message}`).join(" ");
        throw refuse("BAD_INPUT", told, { field: snakeCase(first?.field ?? "") });
      }
      case "RuleNameTaken":
        throw refuse("CONFLICT", `Another rule is called ${outcome.name}.`, { field: "name" });
      case "RuleChangedMeanwhile":
        throw refuse("CONFLICT", `The rule was changed meanwhile: its version is ${outcome.rule.version}.`, {
          field: "expected_version",
        });
      case "RuleNotFound":
        throw refuse("NOT_FOUND", "The tenant has no rule of this id.", { field: ID });
    }
  });
};
