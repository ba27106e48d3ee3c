import { describe, expect, it } from "@jest/globals";
import { parse, validate } from "graphql";
import { featureGraph } from "./feature-graph.ts";
import { createPlanExecutor } from "./plan-executor.ts";
import type { PlannerChoice } from "./planner.ts";

type Case = {
  readonly guarantee: string;
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  readonly data: unknown;
  /** Path and message of each error. */
  readonly errors?: readonly (readonly [string, string])[];
};

const CASES: readonly Case[] = [
  {
    guarantee: "an entity is found by whichever of its keys a subgraph knows, nested keys included",
    query: `{ me { name spend balance } top { balance friends { balance } } }`,
    data: {
      me: { name: "Ada", spend: 10, balance: 101 },
      top: [{ balance: 202, friends: [{ balance: 101 }, { balance: 101 }] }],
    },
  },
  {
    guarantee: "an interface's fields come from the subgraph of each concrete type",
    query: `{ a: node(id: "u1") { id __typename ... on User { spend } } b: node(id: "i1") { id ... on Item { price stock } } }`,
    data: { a: { id: "u1", __typename: "User", spend: 10 }, b: { id: "i1", price: 5, stock: 3 } },
  },
  {
    guarantee:
      "an interface object adds a field to every implementation, and its entities get their concrete type elsewhere",
    query: `{ me { note n: noteLength(unit: 2) } noted { __typename id note ... on User { name spend } } node(id: "i1") { note } }`,
    data: {
      me: { note: "about u1", n: 16 },
      noted: [
        { __typename: "Item", id: "i1", note: "about i1" },
        { __typename: "User", id: "u2", note: "about u2", name: "Bob", spend: 20 },
      ],
      node: { note: "about i1" },
    },
  },
  {
    guarantee: "a union is answered by type, with an aliased __typename",
    query: `{ things { kind: __typename ... on User { n: name spend } ... on Item { price } } }`,
    data: {
      things: [
        { kind: "User", n: "Ada", spend: 10 },
        { kind: "Item", price: 5 },
      ],
    },
  },
  {
    guarantee: "named fragments, nested and on abstract types, merge with plain selections",
    query: `{ me { ...A ... on Node { id } } } fragment A on User { name ...B } fragment B on User { spend friends { ...C } } fragment C on Node { id }`,
    data: { me: { name: "Ada", spend: 10, friends: [{ id: "u2" }, { id: "u1" }], id: "u1" } },
  },
  {
    guarantee: "@requires of a field with arguments gets those arguments, whatever the client asked of the same field",
    query: `{ me { badge } top { name badge shout: name(upper: true) } }`,
    data: { me: { badge: "*ADA*" }, top: [{ name: "Bob", badge: "*BOB*", shout: "BOB" }] },
  },
  {
    guarantee: "an object that none of the asked fragments fits is still there",
    query: `{ me { ... on Thing { ... on Item { price } } } things { ... on Item { price } } }`,
    data: { me: {}, things: [{}, { price: 5 }] },
  },
  {
    guarantee: "@override moves a field to the subgraph that took it over",
    query: `{ me { legacy } }`,
    data: { me: { legacy: "from sales" } },
  },
  {
    guarantee: "@skip and @include take variables and their defaults, on fields, fragments and whole selections",
    query: `query ($no: Boolean!, $yes: Boolean = true) {
      me @skip(if: $no) { name @include(if: $no) spend ... @include(if: $yes) { balance } ...F @skip(if: $yes) }
      gone: me @include(if: false) { id }
      both: me { name @skip(if: $no) @include(if: $yes) item @include(if: $no) { id } }
      empty: me { name @include(if: $no) }
    } fragment F on User { id }`,
    variables: { no: false },
    data: { me: { spend: 10, balance: 101 }, both: { name: "Ada" }, empty: {} },
  },
  {
    guarantee: "variables take defaults and are coerced, input objects too",
    query: `query ($id: ID = "u2", $filter: Filter, $limit: Int = 7) { me(id: $id) { name } a: input(filter: $filter) b: input(filter: { limit: $limit, level: LOW }) c: me { name } }`,
    variables: { filter: { limit: 3 } },
    data: {
      me: { name: "Bob" },
      a: `{"text":"all","level":"HIGH","limit":3}`,
      b: `{"text":"all","level":"LOW","limit":7}`,
      c: { name: "Ada" },
    },
  },
  {
    guarantee: "an ID variable given as a number reaches the subgraph as a string",
    query: `query ($id: ID!) { me(id: $id) { name } }`,
    variables: { id: 7 },
    data: { me: null },
  },
  {
    guarantee: "a value the API does not name is withheld with an error",
    query: `{ users { level } }`,
    data: { users: [{ level: "HIGH" }, { level: null }] },
    errors: [["users.1.level", "The value of User.level is not a valid Level."]],
  },
  {
    guarantee: "introspection and __typename are answered beside data, through fragments",
    query: `{ __typename ...Q me { name } } fragment Q on Query { __type(name: "Level") { enumValues { name } } __schema { queryType { name } } }`,
    data: {
      __typename: "Query",
      __type: { enumValues: [{ name: "HIGH" }, { name: "LOW" }] },
      __schema: { queryType: { name: "Query" } },
      me: { name: "Ada" },
    },
  },
  {
    guarantee: "an entity its subgraph does not know keeps what others know of it",
    query: `{ ghost { name spend } }`,
    data: { ghost: { name: "Ghost", spend: null } },
  },
  {
    guarantee: "an error of an entity stands at the client's path, aliases and list places included, once per place",
    query: `{ all: users { n: name risk: risky pals: friends { r: risky } } }`,
    data: {
      all: [
        { n: "Ada", risk: null, pals: [{ r: null }, { r: null }] },
        { n: "Bob", risk: null, pals: [{ r: null }, { r: null }] },
      ],
    },
    errors: [0, 1].flatMap((user) => [
      [`all.${user}.risk`, "the ledger is closed"] as const,
      [`all.${user}.pals.0.r`, "the ledger is closed"] as const,
      [`all.${user}.pals.1.r`, "the ledger is closed"] as const,
    ]),
  },
  {
    guarantee: "a null in a non-null place makes its nearest nullable parent null, with one error",
    query: `{ me { name strict { must } } soft { must } }`,
    data: { me: { name: "Ada", strict: null }, soft: null },
    errors: [
      ["me.strict.must", "Cannot return null for non-nullable field Strict.must."],
      ["soft.must", "Cannot return null for non-nullable field Strict.must."],
    ],
  },
  {
    guarantee: "a non-null entity field that fails takes the entity with it, and only its own error is told",
    query: `{ me { name } top { id } doomed: me { name doomed spend } }`,
    data: { me: { name: "Ada" }, top: [{ id: "u2" }], doomed: null },
    errors: [["doomed.doomed", "doomed"]],
  },
  {
    guarantee: "a null that reaches the root makes the data null",
    query: `{ me { name } strict { must } }`,
    data: null,
    errors: [["strict.must", "Cannot return null for non-nullable field Strict.must."]],
  },
];

const told = (errors: readonly { path?: readonly (string | number)[] | undefined; message: string }[] = []) =>
  errors.map(({ path = [], message }) => `${path.join(".")}: ${message}`).toSorted();

describe.each<PlannerChoice>(["hive", "apollo"])("federation, planned by %s first", (planner) => {
  it.each(CASES)("$guarantee", async ({ guarantee, query, variables = {}, data, errors = [] }) => {
    const executor = createPlanExecutor({ ...featureGraph(), planner });
    const document = parse(query);
    expect(validate(executor.apiSchema(), document)).toEqual([]);
    const result = await executor.execute({ document, variables, call: {} });
    if (planner === "apollo" && guarantee.startsWith("@requires")) {
      expect(result.errors?.[0]?.extensions["code"]).toBe("OPERATION_NOT_PLANNED"); // refused rather than answered wrongly
      return;
    }
    expect(JSON.parse(JSON.stringify(result.data))).toEqual(data);
    expect(told(result.errors)).toEqual(errors.map(([path, message]) => `${path}: ${message}`).toSorted());
  });
});

describe("the plan executor", () => {
  const run = (query: string, variables: Record<string, unknown> = {}) => {
    const graph = featureGraph();
    const result = createPlanExecutor(graph).execute({ document: parse(query), variables, call: {} });
    return result.then((answer) => ({ ...graph, answer }));
  };

  it("runs mutations in order, each with all below it before the next begins", async () => {
    const { journal, answer } = await run(
      `mutation { a: note(text: "1") { spend } b: book(text: "2") { name } c: note(text: "3") { name } d: book(text: "4") { spend } }`,
    );
    expect(journal).toEqual(["people 1", "spend u1", "sales 2", "people 3", "sales 4", "spend u1"]);
    expect(Object.keys(answer.data ?? {})).toEqual(["a", "b", "c", "d"]);
  });

  it("asks for an entity once, however often it occurs", async () => {
    const { sent } = await run(`{ users { friends { balance } } }`);
    const asked = sent
      .filter(({ service }) => service === "ledger")
      .flatMap(({ variables }) => Object.values(variables).flat());
    expect(asked).toHaveLength(2);
  });

  it("takes from the subgraph at hand what it @provides", async () => {
    const { sent, answer } = await run(`{ top { item { price } } }`);
    expect(sent.map(({ service }) => service)).toEqual(["sales"]);
    expect(answer).toEqual({ data: { top: [{ item: { price: 5 } }] } });
  });

  it("answers introspection alone without asking a subgraph, and shows nothing inaccessible", async () => {
    const { sent, answer } = await run(`{ __type(name: "User") { fields { name } } }`);
    expect(sent).toEqual([]);
    expect(JSON.stringify(answer.data)).not.toContain("secret");
  });

  it.each([
    [
      "a missing required variable",
      `query ($a: ID!) { me(id: $a) { id } }`,
      {},
      'Variable "$a" of required type "ID!" was not provided.',
    ],
    [
      "a value of the wrong type",
      `query ($a: Boolean!) { me { id @skip(if: $a) } }`,
      { a: "x" },
      "Boolean cannot represent a non boolean value",
    ],
    ["an unnamed choice", `query A { me { id } } query B { me { id } }`, {}, "Must provide operation name"],
    ["an alias that reaches a prototype", `{ __proto__: me { id } }`, {}, 'The alias "__proto__" is reserved.'],
  ])("refuses %s before any subgraph is asked", async (_case, query, variables, message) => {
    const { sent, answer } = await run(query, variables);
    expect(answer.errors?.[0]?.message).toContain(message);
    expect("data" in answer).toBe(false);
    expect(sent).toEqual([]);
  });

  it("keeps a subgraph's error code and tells nothing of its inside", async () => {
    const { answer } = await run(`{ me { risky } }`);
    expect(JSON.parse(JSON.stringify(answer.errors))).toEqual([
      { message: "the ledger is closed", path: ["me", "risky"], extensions: { code: "LEDGER_CLOSED" } },
    ]);
  });

  it("answers aliases named like an object's own methods", async () => {
    const { answer } = await run(`{ constructor: me { toString: name valueOf: spend hasOwnProperty: risky } }`);
    expect(answer.data).toEqual({ constructor: { toString: "Ada", valueOf: 10, hasOwnProperty: null } });
  });
});
