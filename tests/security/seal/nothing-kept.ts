import { createHash, randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { OperationTypeNode } from "graphql";
import { eventually } from "../../testing/eventually.ts";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { operationText, rootField, rootFields } from "../api-schema.ts";
import { exampleOf, type OwnThings } from "../examples.ts";
import { askGraph, askHttp, hear, readAnswer } from "../outside.ts";
import { expectNone, withoutTrace, wordsOf, type World } from "./sealed-world.ts";

/** How often each tenant asks the same question at once: one could be answered with what the other asked, or the other tenant did. */
const ROUNDS = 2;
/** Readers of each tenant on the same subscription. */
const READERS = 2;

const namesOneOf = (things: OwnThings, variables: unknown): boolean => {
  const text = JSON.stringify(variables);
  return Object.values({ ...things }).some((id) => /^[0-9a-f]{8}-/.test(id) && text.includes(id));
};

/** One fixed set of variables for a question that both tenants can ask word for word. */
const askedAlike = (world: World) =>
  rootFields
    .filter(
      ({ kind, field }) => kind === OperationTypeNode.QUERY && !field.args.some(({ name }) => /(^id|Id)$/.test(name)),
    )
    .map((root) => {
      const variables = exampleOf(root.coordinate, { ...world().alpha, mark: "nobody" });
      return { root, variables, query: operationText(root, variables, { depth: 3 }) };
    })
    // What names a thing of one tenant is no question to the other.
    .filter(({ variables }) => !namesOneOf(world().alpha, variables));

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

const answersBoth = (world: World) => async () => {
  const { instance, alpha, alphaLater, beta } = world();
  const [alphas, betas] = [wordsOf(alpha, alphaLater), wordsOf(beta)];
  for (const { root, query, variables } of askedAlike(world)) {
    const ask = async (apiKey: string) => (await askGraph(instance.url, apiKey, { query, variables })).text;
    const turns = [await ask(instance.alpha.apiKey), await ask(instance.beta.apiKey)];
    const atOnce = await Promise.all(
      Array.from({ length: ROUNDS }, () => [ask(instance.alpha.apiKey), ask(instance.beta.apiKey)]).flat(),
    );
    for (const [index, text] of [...turns, ...atOnce].entries()) {
      expect(text).not.toContain('"errors":');
      expectNone(root.coordinate, text, index % 2 === 0 ? betas : alphas);
    }
  }
};

const keepsDocuments = (world: World) => async () => {
  const { instance } = world();
  const query = `{ tenant { id } t${randomUUID().replaceAll("-", "")}: __typename }`;
  const byHash = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(text) } } });
  const ask = (apiKey: string, body: object) => askGraph(instance.url, apiKey, body);
  expect((await ask(instance.alpha.apiKey, { query, ...byHash(query) })).status).toBe(200);
  expect((await ask(instance.alpha.apiKey, byHash(query))).text).toContain(instance.alpha.tenantId);
  const [foreign, unknown] = [
    await ask(instance.beta.apiKey, byHash(query)),
    await ask(instance.beta.apiKey, byHash("{ x }")),
  ];
  expect(withoutTrace(JSON.stringify(foreign))).toBe(withoutTrace(JSON.stringify(unknown)));
  expect(foreign.text).toContain("PERSISTED_QUERY_NOT_FOUND");
};

const sharesSources = (world: World) => async () => {
  const { instance, alpha, alphaLater, beta } = world();
  const upstreams = async () => {
    const { text } = await askHttp(`${instance.url}/metrics`, null);
    return Number(/^tessera_gateway_upstreams (\d+)/m.exec(text)?.[1]);
  };
  await eventually(async () => expect(await upstreams()).toBe(0));
  const query = operationText(
    rootField("Subscription.events"),
    {},
    "{ cursor event { id name userId tenant { id } } }",
  );
  const readers = [alpha, beta].flatMap((own) => Array.from({ length: READERS }, () => own));
  const seen: number[] = [];
  const heard = await Promise.all(
    readers.map(async (own) => {
      const { apiKey } = own === alpha ? instance.alpha : instance.beta;
      const client = createTesseraClient(instance.url, apiKey);
      const stir = async (): Promise<void> => {
        seen.push(await upstreams());
        await client.send([{ name: `${own.mark}-live`, userId: `${own.mark}-user` }]);
      };
      const enough = (messages: readonly unknown[]) => messages.length >= 3 && seen.includes(2);
      return {
        own,
        text: JSON.stringify((await hear(instance.url, apiKey, { query }, enough, { stir })).messages),
      };
    }),
  );
  expect(Math.max(...seen)).toBe(2);
  for (const { own, text } of heard) {
    expect(text).toContain(`${own.mark}-live`);
    expectNone("messages", text, own === alpha ? wordsOf(beta) : wordsOf(alpha, alphaLater));
  }
};

/** What the gateway keeps between requests is kept for one tenant. */
export const describeNothingKept = (world: World): void => {
  describe("what is kept between requests", () => {
    it(
      "the same question of two tenants, one after the other and at once, is answered to each from its own things",
      answersBoth(world),
    );

    it("a document registered by its hash is known to its tenant alone", keepsDocuments(world));

    it("a document of the manifest runs for each tenant on its own things", async () => {
      const { instance, alpha, beta } = world();
      const metrics = async (apiKey: string) =>
        (await askHttp(`${instance.url}/api/v2/analytics/realtime/metrics?timeframe=24h`, apiKey)).text;
      const [alphas, betas] = await Promise.all([metrics(instance.alpha.apiKey), metrics(instance.beta.apiKey)]);
      expect(alphas).toContain(`${alpha.mark}-view`);
      expect(betas).toContain(`${beta.mark}-view`);
      expectNone("alpha's metrics", alphas, [beta.mark]);
      expectNone("beta's metrics", betas, [alpha.mark]);
    });

    it("equal subscriptions of one tenant share their source, those of two tenants never do", sharesSources(world));

    it("what a question came to is not told by its errors either", async () => {
      const { instance, alpha } = world();
      const query = "query ($input: OlapInput!) { olap(input: $input) { rowCount } }";
      const variables = {
        input: { range: { from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }, measures: [] },
      };
      await askGraph(instance.url, instance.alpha.apiKey, { query, variables });
      const answer = await askGraph(instance.url, instance.beta.apiKey, { query, variables });
      expect(readAnswer(answer).errors).toHaveLength(1);
      expectNone("error", answer.text, wordsOf(alpha));
    });
  });
};
