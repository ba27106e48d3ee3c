import { z } from "zod";
import { eventually } from "../../testing/eventually.ts";
import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeCorrelationRule } from "../own-things.ts";

const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };

/** Makes a rule and waits until it has found something, a few seconds after events it looks for. */
const matchedRule = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const rule = await makeCorrelationRule(client, own);
  const found = z.object({ correlationMatches: z.object({ edges: z.array(z.unknown()).min(1) }) });
  const text = "query ($rule: ID!) { correlationMatches(rule: $rule, first: 1) { edges { cursor } } }";
  await eventually(async () => {
    await client.send([{ name: `${own.mark}-live`, userId: `${own.mark}-user` }]);
    return client.ask(found, text, { rule });
  });
  return rule;
};

/** Places that take the id of a correlation rule, by a fresh one of alpha where asking changes it. */
export const correlationPlaces = (client: () => TesseraClient) => {
  const fresh = (things: OwnThings): Promise<string> => makeCorrelationRule(client(), things);
  const kept = ({ correlationRuleId }: OwnThings): string => correlationRuleId;
  const selection = "{ __typename }";
  const byId = (id: string) => ({ id });
  return {
    "Query.correlationRule(id)": { own: kept, variables: byId, selection: "{ name description pattern }" },
    "Query.correlationMatches(rule)": {
      ...{ own: kept, variables: (rule: string) => ({ rule }) },
      selection: "{ pageInfo { hasNextPage } }",
    },
    "Query.backtestCorrelationRule(input.rule)": {
      ...{ own: kept, variables: (rule: string) => ({ input: { rule, range } }) },
      selection: "{ total }",
    },
    "Mutation.startBacktest(input.rule)": {
      ...{ own: kept, variables: (rule: string) => ({ input: { rule, range } }) },
      selection: "{ __typename }",
    },
    "Mutation.retireCorrelationRule(id)": { own: fresh, variables: byId, selection },
    "Mutation.pinCorrelationRule(id)": { own: fresh, variables: byId, selection },
    "Subscription.correlationMatches(rule)": {
      own: (things: OwnThings) => matchedRule(client(), things),
      // From the beginning of the log: what was found before is told again.
      variables: (rule: string) => ({ rule, after: "0-0" }),
      selection: "{ match { version } }",
    },
  };
};

/** Words of correlation rules that are never looked up as a thing of anybody. */
export const correlationWords: Readonly<Record<string, string>> = {
  "Mutation.defineCorrelationRule(input.owner)": "stored as sent",
};
