import { describe, expect, it } from "@jest/globals";
import { askGraph, askHttp, readAnswer } from "../outside.ts";
import type { World } from "./edge-world.ts";

const aliases = (count: number, field: string): string =>
  `{ ${Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(" ")} }`;
const nested = (levels: number): string =>
  `{ tenant { ${"users(first: 1) { edges { node { tenant { ".repeat(levels)} id ${"} } } }".repeat(levels)} } }`;

/** Documents that ask for too much before anything is fetched, and the code that says so. */
const TOO_MUCH: Readonly<Record<string, readonly [query: string, code: RegExp]>> = {
  "101 aliases of a field": [aliases(101, "whoAmI { expiresAt }"), /^QUERY_TOO_LARGE$/],
  "101 aliases of __typename": [aliases(101, "__typename"), /^QUERY_TOO_LARGE$/],
  "101 aliases of __typename below a field": [`{ whoAmI ${aliases(101, "__typename")} }`, /^QUERY_TOO_LARGE$/],
  "a document 30 levels deep": [nested(8), /^QUERY_TOO_(DEEP|COSTLY)$/],
  "5,000 tokens": [`{ ${"__typename ".repeat(5_000)} }`, /^QUERY_TOO_LARGE$/],
  "70 KB of document": [`{ whoAmI { expiresAt } } #${"x".repeat(70_000)}`, /^QUERY_TOO_LARGE$/],
  "60 directives": [
    `{ whoAmI ${"@skip(if: false) ".repeat(60)} { expiresAt } }`,
    /^(QUERY_TOO_LARGE|GRAPHQL_VALIDATION_FAILED)$/,
  ],
  "a page of 1,001": ["{ users(first: 1001) { edges { node { id } } } }", /^(BAD_INPUT|QUERY_TOO_LARGE)$/],
  "fragments that double 20 times": [
    `{ ...f0 } ${Array.from({ length: 20 }, (_, index) => `fragment f${index} on Query { ...f${index + 1} b${index}: __typename ...f${index + 1} }`).join(" ")} fragment f20 on Query { whoAmI { expiresAt } }`,
    /^QUERY_TOO_(LARGE|DEEP|COSTLY)$/,
  ],
  "fragments that spread each other": [
    "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    /^(GRAPHQL_VALIDATION_FAILED|QUERY_TOO_LARGE|QUERY_TOO_DEEP)$/,
  ],
};

/** Near misses, for which GraphQL servers like to suggest what was meant, and the names that would be told. */
const NEAR_MISSES: readonly (readonly [query: string, told: RegExp])[] = [
  ["{ whoAmIx { expiresAt } }", /whoAmI\b/],
  ["{ tenant { nam } }", /\bname\b/],
  ["{ users(frist: 1) { edges { node { id } } } }", /\bfirst\b/],
  ["query ($a: CreateUserInpt) { tenant { id } }", /CreateUserInput\b/],
  ['mutation { createUser(input: { email: "a", name: "a", roles: [], rolls: [] }) { __typename } }', /\broles\b/],
  ['mutation { createUser(input: { email: "a@b.example", name: "a", roles: [OWNR] }) { __typename } }', /\bOWNER\b/],
  ["{ tenant { ... on Tennant { id } } }", /\bTenant\b/],
  ["{ tenant { id @skp(if: true) } }", /\bskip\b/],
];

const codesOf = (text: string): readonly string[] =>
  (readAnswer({ status: 0, contentType: "", text }).errors ?? []).map(({ extensions }) => String(extensions?.["code"]));

/** What the graph's door refuses. */
export const describeGraphDoors = (world: World): void => {
  const ask = (apiKey: string, query: string, variables = {}) =>
    askGraph(world().instance.url, apiKey, { query, variables });

  describe("before anything is fetched", () => {
    it.each(Object.entries(TOO_MUCH))("%s: refused, whoever asks", async (_what, [query, code]) => {
      const { status, text } = await ask(world().instance.alpha.apiKey, query);
      expect(status).toBe(400);
      const codes = codesOf(text);
      expect(codes.length).toBeGreaterThan(0);
      for (const each of codes) expect(each).toMatch(code);
      expect(text).not.toContain('"data"');
    });

    it("several operations in one request are refused", async () => {
      const { url, alpha } = world().instance;
      const one = { query: "{ whoAmI { expiresAt } }" };
      for (const batch of [[one], [one, one], []]) {
        const answer = await askHttp(`${url}/graphql`, alpha.apiKey, { method: "POST", body: JSON.stringify(batch) });
        expect(answer.status).toBe(400);
        expect(answer.text).not.toContain("expiresAt");
      }
    });

    it("a body larger than the limit is refused, said or sent", async () => {
      const { url, alpha } = world().instance;
      const large = JSON.stringify({ query: "{ whoAmI { expiresAt } }", variables: { a: "x".repeat(3_000_000) } });
      expect((await askHttp(`${url}/graphql`, alpha.apiKey, { method: "POST", body: large })).status).toBe(413);
      const question = "/api/v2/analytics/realtime/query";
      expect((await askHttp(`${url}${question}`, alpha.apiKey, { method: "POST", body: large })).status).toBe(413);
    });
  });

  describe("the schema", () => {
    it.each([
      "{ __schema { types { name } } }",
      '{ __type(name: "Tenant") { fields { name } } }',
      "{ tenant { id } __schema { queryType { name } } }",
    ])("%s: is told to those who may read it alone", async (query) => {
      const refused = await ask(world().plainKey, query);
      expect(codesOf(refused.text)).toEqual(["INTROSPECTION_DISABLED"]);
      expect(refused.text).not.toContain('"data"');
      expect((await ask(world().instance.alpha.apiKey, query)).status).toBe(200);
    });

    it.each(NEAR_MISSES)("%s: is answered without what was meant", async (query, told) => {
      const { text, status } = await ask(world().plainKey, query);
      expect(status).toBe(400);
      for (const { message } of readAnswer({ status, contentType: "", text }).errors ?? []) {
        expect(message).not.toMatch(/did you mean/i);
        expect(message).not.toMatch(told);
      }
    });

    it("nor by a wrong value of a variable", async () => {
      const query = "mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename } }";
      const input = { email: "a@b.example", name: "a", roles: ["OWNR"], nmae: "b" };
      const { text, status } = await ask(world().plainKey, query, { input });
      expect(status).toBe(400);
      expect(text).not.toMatch(/did you mean|\bOWNER\b/i);
    });
  });
};
