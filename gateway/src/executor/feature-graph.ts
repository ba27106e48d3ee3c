import { Readable } from "node:stream";
import { fixtureGraph, type FixtureGraph } from "./graph-fixture.ts";

type User = { readonly id: string; readonly orgId: string; readonly no: number; readonly name: string };
type Ref = { readonly id: string };

const USERS: readonly User[] = [
  { id: "u1", orgId: "o1", no: 1, name: "Ada" },
  { id: "u2", orgId: "o2", no: 2, name: "Bob" },
];

const userOf = ({ id }: Ref) => {
  const user = USERS.find((each) => each.id === id);
  return user === undefined ? null : { __typename: "User", ...user, org: { id: user.orgId } };
};
const nodeOf = ({ id }: Ref) => (id.startsWith("u") ? userOf({ id }) : { __typename: "Item", id });
const fail = (message: string, code?: string) => () => {
  throw Object.assign(new Error(message), code === undefined ? {} : { extensions: { code } });
};

const people = (journal: string[], events: () => AsyncIterable<unknown>) => ({
  sdl: `
    type Query { me(id: ID = "u1"): User  users: [User!]!  node(id: ID!): Node  things: [Thing!]!  ghost: User  input(filter: Filter): String }
    type Mutation { note(text: String!): User  }
    type Subscription { renamed(id: ID): Renamed }
    type Renamed { at: Int!  user: User!  strict: Strict }
    type Strict @shareable { must: Int! }
    input Filter { text: String = "all"  level: Level = HIGH  limit: Int! }
    enum Level { HIGH LOW SECRET @inaccessible }
    interface Node @key(fields: "id") { id: ID! }
    type User implements Node @key(fields: "id") @key(fields: "org { id } no") {
      id: ID!  org: Org!  no: Int!  name(upper: Boolean = false): String  secret: String @inaccessible
      level: Level  legacy: String
    }
    type Org @shareable { id: ID! }
    type Item implements Node @key(fields: "id") { id: ID! }
    union Thing = User | Item`,
  resolvers: {
    Query: {
      me: (_: unknown, ref: Ref) => userOf(ref),
      users: () => USERS.map(userOf),
      node: (_: unknown, ref: Ref) => nodeOf(ref),
      things: () => [nodeOf({ id: "u1" }), nodeOf({ id: "i1" })],
      ghost: () => ({ __typename: "User", id: "u404", org: { id: "o9" }, no: 9, name: "Ghost" }),
      input: (_: unknown, { filter }: { filter: unknown }) => JSON.stringify(filter),
    },
    Mutation: {
      note: (_: unknown, { text }: { text: string }) => {
        journal.push(`people ${text}`);
        return userOf({ id: "u1" });
      },
    },
    Subscription: { renamed: { subscribe: () => events() } },
    Node: { __resolveReference: nodeOf, __resolveType: ({ id }: Ref) => (id.startsWith("u") ? "User" : "Item") },
    User: {
      __resolveReference: (ref: Ref & { org?: Ref }) => userOf(ref.id === undefined ? userByOrg(ref.org) : ref),
      name: (user: User, { upper }: { upper: boolean }) => (upper ? user.name.toUpperCase() : user.name),
      level: ({ id }: Ref) => (id === "u1" ? "HIGH" : "SECRET"),
      legacy: fail("the overridden field must not be asked"),
    },
  },
});

const userByOrg = (org: Ref | undefined): Ref => ({ id: USERS.find(({ orgId }) => orgId === org?.id)?.id ?? "" });

const sales = (journal: string[]) => ({
  sdl: `
    type Query { top: [User!]!  cheap: Item  strict: Strict!  soft: Strict }
    type Strict @shareable { must: Int! }
    type Mutation { book(text: String!): User }
    type User @key(fields: "id") {
      id: ID!  spend: Int  friends: [User!]  item: Item @provides(fields: "price")  strict: Strict  risky: Int  doomed: Int!
      name(upper: Boolean = false): String @external
      badge: String @requires(fields: "name(upper: true)")
      legacy: String @override(from: "people")
    }
    type Item @key(fields: "id") { id: ID!  price: Int @external  stock: Int }`,
  resolvers: {
    Query: {
      top: () => [{ id: "u2" }],
      cheap: () => ({ id: "i1" }),
      strict: () => ({ must: null }),
      soft: () => ({ must: null }),
    },
    Mutation: {
      book: (_: unknown, { text }: { text: string }) => {
        journal.push(`sales ${text}`);
        return { id: "u1" };
      },
    },
    User: {
      __resolveReference: (ref: Ref) => (ref.id === "u404" ? null : ref),
      spend: ({ id }: Ref) => {
        journal.push(`spend ${id}`);
        return id === "u1" ? 10 : 20;
      },
      friends: ({ id }: Ref) => [{ id: id === "u1" ? "u2" : "u1" }, { id: "u1" }],
      item: () => ({ id: "i1", price: 5 }),
      strict: () => ({ must: null }),
      risky: fail("the ledger is closed", "LEDGER_CLOSED"),
      doomed: fail("doomed"),
      badge: ({ name }: { name?: string }) => `*${name ?? "nobody"}*`,
      legacy: () => "from sales",
    },
    Item: { price: () => 5, stock: () => 3 },
  },
});

const ledger = {
  sdl: `
    type Query { rate: Int }
    type User @key(fields: "org { id } no") { org: Org!  no: Int!  balance: Int }
    type Org @shareable { id: ID! }
    type Item @key(fields: "id") { id: ID!  price: Int @shareable }`,
  resolvers: {
    Query: { rate: () => 2 },
    User: { balance: ({ org, no }: { org: Ref; no: number }) => Number(org.id.slice(1)) * 100 + no },
    Item: { price: () => 5 },
  },
};

const notes = {
  sdl: `
    type Query { noted: [Node!]! }
    type Node @key(fields: "id") @interfaceObject { id: ID!  note: String  noteLength(unit: Int = 1): Int }`,
  resolvers: {
    Query: { noted: () => [{ id: "i1" }, { id: "u2" }] },
    Node: { note: ({ id }: Ref) => `about ${id}`, noteLength: (_: unknown, { unit }: { unit: number }) => 8 * unit },
  },
};

/** A graph in which every federation feature occurs once; `journal` tells the order of what its subgraphs did. */
export const featureGraph = (
  events: () => AsyncIterable<unknown> = () => Readable.from([]),
): FixtureGraph & { readonly journal: string[] } => {
  const journal: string[] = [];
  const graph = fixtureGraph({
    people: people(journal, events),
    sales: sales(journal),
    ledger,
    notes,
  });
  return { ...graph, journal };
};
