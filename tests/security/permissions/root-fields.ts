import { beforeAll, describe, expect, it } from "@jest/globals";
import { OperationTypeNode } from "graphql";
import { operationText, rootFields, type RootField } from "../api-schema.ts";
import { exampleOf } from "../examples.ts";
import { askGraph, hear, readAnswer } from "../outside.ts";
import { table, type World } from "./permission-world.ts";

/** Milliseconds in which a refusal at the start comes for certain; a subscription that was let in would be silent for as long. */
const SILENCE_MS = 10_000;
/** Everything of the tenant a mutation could change, without what changes by itself. */
const STATE = `{
  tenant { name state }
  users(first: 1000) { nodes { id name email roles } }
  apiKeys(first: 1000) { nodes { id name permissions revokedAt } }
  oauthClients(first: 1000) { nodes { id name permissions revokedAt } }
  trustedIssuers { id issuer }
  jobs(first: 100) { edges { node { id } } }
  rules(first: 1000) { edges { node { id name description version enabled deletedAt } } }
  metrics(first: 100) { edges { node { id name version archived } } }
  segments(first: 100) { edges { node { id name version archived } } }
  hierarchies(first: 100) { edges { node { id name version archived } } }
  ownDimensions(first: 100) { edges { node { id name version archived } } }
  savedQueries(first: 100) { edges { node { id name version archived } } }
  cohorts(first: 100) { edges { node { id name description version } } }
  anomalies(first: 1000) { edges { node { id acknowledgement { note } resolution { cause } } } }
  events(first: 1000) { edges { node { id } } }
}`;

const gated = (kind: OperationTypeNode): readonly RootField[] =>
  rootFields.filter((root) => root.kind === kind && table[root.coordinate] !== "PUBLIC");

const operationOf = (world: World, root: RootField) => {
  const variables = exampleOf(root.coordinate, world().own);
  return { query: operationText(root, variables), variables };
};

const refusedOnce = (root: RootField) => [
  {
    path: [root.field.name],
    extensions: { code: "FORBIDDEN", field: root.coordinate, permission: table[root.coordinate] },
  },
];

const isRefusedBeforeItRuns = (world: World) => async (root: RootField) => {
  const apiKey = await world().without(String(table[root.coordinate]));
  const answer = await askGraph(world().url, apiKey, operationOf(world, root));
  const { data, errors } = readAnswer(answer);
  expect(errors).toMatchObject(refusedOnce(root));
  const nothing = data === null || JSON.stringify(data) === JSON.stringify({ [root.field.name]: null });
  expect({ status: answer.status, nothing }).toEqual({ status: 200, nothing: true });
  expect(answer.contentType).toContain("application/graphql-response+json");
  expect(readAnswer(await askGraph(world().url, world().full, operationOf(world, root))).errors).toBeUndefined();
};

const stateOf = async (world: World): Promise<string> =>
  (await askGraph(world().url, world().full, { query: STATE })).text;

const isRefused = (world: World) => async (root: RootField) => {
  const apiKey = await world().without(String(table[root.coordinate]));
  const { errors } = readAnswer(await askGraph(world().url, apiKey, operationOf(world, root)));
  expect(errors).toMatchObject(refusedOnce(root));
};

const isRefusedAtOnce = (world: World) => async (root: RootField) => {
  const apiKey = await world().without(String(table[root.coordinate]));
  const options = { silenceMs: SILENCE_MS };
  const { messages, refusal } = await hear(world().url, apiKey, operationOf(world, root), () => false, options);
  expect(messages).toEqual([]);
  expect(refusal).toMatchObject([{ extensions: { code: "FORBIDDEN", permission: table[root.coordinate] } }]);
};

/** Each root field of the API asks for its permission before anything happens. */
export const describeRootFields = (world: World): void => {
  const named = (kind: OperationTypeNode) => gated(kind).map((root) => ({ name: root.coordinate, root }));

  describe("a caller without the permission of a root field", () => {
    it("every root field stands in a permission table; only who one is oneself is open to all", () => {
      const missing = rootFields.filter(({ coordinate }) => table[coordinate] === undefined);
      expect(missing.map(({ coordinate }) => coordinate)).toEqual([]);
      const open = rootFields.filter(({ coordinate }) => table[coordinate] === "PUBLIC");
      // Letting an operator in asks for its permission by the tenant that is entered; explanations tell of the caller alone.
      const expected = ["Mutation.grantOperatorAccess", "Query.explainAccess", "Query.tenant", "Query.whoAmI"];
      expect(open.map(({ coordinate }) => coordinate).toSorted()).toEqual(expected);
    });

    it.each(named(OperationTypeNode.QUERY))("$name is refused and answers nothing", ({ root }) =>
      isRefusedBeforeItRuns(world)(root),
    );

    describe("and every mutation", () => {
      let before: string;
      beforeAll(async () => {
        const mutations = named(OperationTypeNode.MUTATION).map(({ root }) => String(table[root.coordinate]));
        // A key is itself a thing of the tenant, so that all stand before the state is looked at.
        for (const permission of mutations) await world().without(permission);
        before = await stateOf(world);
        expect(before).not.toContain('"errors":');
      });

      it.each(named(OperationTypeNode.MUTATION))("$name is refused", ({ root }) => isRefused(world)(root));

      it("all of them have changed nothing", async () => expect(await stateOf(world)).toBe(before));
    });

    it.each(named(OperationTypeNode.SUBSCRIPTION))(
      "$name is refused when it begins, though nothing happens",
      ({ root }) => isRefusedAtOnce(world)(root),
    );
  });
};
