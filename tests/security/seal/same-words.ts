import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { askGraph, askHttp, readAnswer } from "../outside.ts";
import type { World } from "./sealed-world.ts";

interface SameWord {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** How the answer to the first use reads, and to the second use by the same tenant. */
  readonly first: string;
  readonly again: string;
}

const olap = {
  range: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
  measures: [{ function: "COUNT" }],
};
const metric = { measure: "COUNT", window: "PT1H" };
const condition = { direction: "ABOVE", threshold: 1_000_000 };

const WORDS: Readonly<Record<string, SameWord>> = {
  "an event id": {
    text: "mutation ($input: [EventInput!]!) { ingestEvents(input: $input) { outcomes { __typename } } }",
    variables: { input: [{ id: randomUUID(), name: "same" }] },
    ...{ first: "EventAccepted", again: "EventDuplicate" },
  },
  "a rule's name": {
    text: "mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename } }",
    variables: { input: { name: "same name", metric, condition } },
    ...{ first: "RuleSaved", again: "RuleNameTaken" },
  },
  "a person's address": {
    text: "mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename } }",
    variables: { input: { email: "same@person.example", name: "Same", roles: ["VIEWER"] } },
    ...{ first: "UserCreated", again: "EmailTaken" },
  },
  "the idempotency key of an API key": {
    text: "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename } }",
    variables: { input: { name: "same", permissions: ["ml:read"], idempotencyKey: "same" } },
    ...{ first: "ApiKeyCreated", again: "ApiKeyAlreadyCreated" },
  },
};

const startsOwnJobs = (world: World) => async () => {
  const { instance } = world();
  const query =
    "mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id tenant { id } } } } }";
  const variables = { input: { olap, idempotencyKey: "same" } };
  const start = async (apiKey: string): Promise<string> =>
    (await askGraph(instance.url, apiKey, { query, variables })).text;
  const [alphas, betas] = [await start(instance.alpha.apiKey), await start(instance.beta.apiKey)];
  expect(alphas).toContain(instance.alpha.tenantId);
  expect(betas).toContain(instance.beta.tenantId);
  expect(alphas).not.toBe(betas);
  expect(await start(instance.alpha.apiKey)).toBe(alphas);
  expect(await start(instance.beta.apiKey)).toBe(betas);
};

const keepsBothEvents = (world: World) => async () => {
  const { instance } = world();
  const id = randomUUID();
  for (const [apiKey, name] of [
    [instance.alpha.apiKey, "of-alpha"],
    [instance.beta.apiKey, "of-beta"],
  ] as const) {
    const body = JSON.stringify([{ id, name }]);
    const sent = await askHttp(`${instance.url}/api/v2/events`, apiKey, { method: "POST", body });
    expect(sent.text).toContain('"accepted":1');
  }
  const query = "query ($id: ID!) { event(id: $id) { name } }";
  const nameOf = async (apiKey: string) =>
    readAnswer(await askGraph(instance.url, apiKey, { query, variables: { id } })).data;
  expect(await nameOf(instance.alpha.apiKey)).toEqual({ event: { name: "of-alpha" } });
  expect(await nameOf(instance.beta.apiKey)).toEqual({ event: { name: "of-beta" } });
};

/** Words tenants choose for themselves never meet those of others. */
export const describeSameWords = (world: World): void => {
  describe("two tenants that choose the same word", () => {
    it.each(Object.entries(WORDS))(
      "%s: is new to each of them, and known to each the second time",
      async (_what, word) => {
        const { instance } = world();
        const use = async (apiKey: string): Promise<string> =>
          (await askGraph(instance.url, apiKey, { query: word.text, variables: word.variables })).text;
        for (const expected of [word.first, word.again]) {
          expect(await use(instance.alpha.apiKey)).toContain(`"__typename":"${expected}"`);
          expect(await use(instance.beta.apiKey)).toContain(`"__typename":"${expected}"`);
        }
      },
    );

    it("the idempotency key of a long query: gives each its own job, the same one again", startsOwnJobs(world));

    it("an event id over REST: both events are kept, each with its own tenant's facts", keepsBothEvents(world));
  });
};
