import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, type GraphQLSchema } from "graphql";

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", "@requires"])\n';

type Ref = { readonly id: string };
type Resolvers = Record<string, Record<string, unknown>>;

const USERS = 16;
const RECOMMENDATIONS = 4;
const ANOMALIES = 10;

const range = (length: number) => Array.from({ length }, (_, index) => index);
const numberOf = ({ id }: Ref) => Number(id.slice(1));

const subgraphs: Readonly<Record<string, { readonly sdl: string; readonly resolvers: Resolvers }>> = {
  tenant: {
    sdl: `
      type Query { tenant(id: ID!): Tenant }
      type Tenant @key(fields: "id") { id: ID! name: String! plan: String! users(first: Int! = 20): [User!]! }
      type User @key(fields: "id") { id: ID! name: String! email: String! role: String! }`,
    resolvers: {
      Query: { tenant: (_: unknown, { id }: Ref) => ({ id, name: `Tenant ${id}`, plan: "growth" }) },
      Tenant: {
        users: (_: unknown, { first }: { first: number }) =>
          range(Math.min(first, USERS)).map((index) => ({ id: `u${index}` })),
      },
      User: {
        name: (user: Ref) => `User number ${numberOf(user)}`,
        email: (user: Ref) => `user.${numberOf(user)}@example.test`,
        role: (user: Ref) => (numberOf(user) % 3 === 0 ? "ADMIN" : "ANALYST"),
      },
    },
  },
  analytics: {
    sdl: `
      type User @key(fields: "id") { id: ID! sessions: Int! lastSeen: String! topEvents: [NameCount!]! }
      type NameCount { name: String! count: Int! }
      type Metric @key(fields: "id") { id: ID! name: String! unit: String! last: Float! }
      type Item @key(fields: "id") { id: ID! title: String! views: Int! }`,
    resolvers: {
      User: {
        sessions: (user: Ref) => numberOf(user) * 7,
        lastSeen: () => "2026-11-20T10:00:00.000Z",
        topEvents: (user: Ref) => range(3).map((index) => ({ name: `event_${index}`, count: numberOf(user) + index })),
      },
      Metric: { name: ({ id }: Ref) => `metric.${id}`, unit: () => "ms", last: (metric: Ref) => numberOf(metric) / 4 },
      Item: { title: ({ id }: Ref) => `Item ${id}`, views: (item: Ref) => numberOf(item) * 11 },
    },
  },
  anomaly: {
    sdl: `
      type Tenant @key(fields: "id") { id: ID! anomalies: [Anomaly!]! }
      type Anomaly @key(fields: "id") { id: ID! severity: String! score: Float! metric: Metric! affected: User! }
      type Metric @key(fields: "id", resolvable: false) { id: ID! }
      type User @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      Tenant: { anomalies: () => range(ANOMALIES).map((index) => ({ id: `a${index}` })) },
      Anomaly: {
        severity: (anomaly: Ref) => (numberOf(anomaly) % 2 === 0 ? "HIGH" : "LOW"),
        score: (anomaly: Ref) => numberOf(anomaly) / 10,
        metric: (anomaly: Ref) => ({ id: `m${numberOf(anomaly) % 5}` }),
        affected: (anomaly: Ref) => ({ id: `u${numberOf(anomaly)}` }),
      },
    },
  },
  ml: {
    sdl: `
      type User @key(fields: "id") { id: ID! recommendations: [Recommendation!]! }
      type Recommendation { score: Float! reason: String! item: Item! }
      type Item @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      User: {
        recommendations: (user: Ref) =>
          range(RECOMMENDATIONS).map((index) => ({
            score: 1 / (index + 1),
            reason: "bought together",
            item: { id: `i${(numberOf(user) + index) % 20}` },
          })),
      },
    },
  },
  governance: {
    sdl: `
      type Anomaly @key(fields: "id") { id: ID! lineage: Lineage! }
      type Lineage { batch: String! tables: [String!]! verdict: String! }
      type Item @key(fields: "id") { id: ID! classification: String! }`,
    resolvers: {
      Anomaly: {
        lineage: ({ id }: Ref) => ({ batch: `b-${id}`, tables: ["events", "events_by_user"], verdict: "PASSED" }),
      },
      Item: { classification: () => "INTERNAL" },
    },
  },
};

/** The benchmark's question: it crosses all five subgraphs in seven fetches or more and answers some 14 KB. */
export const QUESTION = `query Overview($id: ID!) {
  tenant(id: $id) {
    id name plan
    users(first: 20) {
      id name email role sessions lastSeen
      topEvents { name count }
      recommendations { score reason item { id title views classification } }
    }
    anomalies {
      id severity score
      metric { id name unit last }
      affected { id name email }
      lineage { batch tables verdict }
    }
  }
}`;

/** The question's variables. */
export const VARIABLES = { id: "t1" };

/** The five executable subgraphs by name. */
export const schemas = (): ReadonlyMap<string, GraphQLSchema> =>
  new Map(
    Object.entries(subgraphs).map(([name, { sdl, resolvers }]) => [
      name,
      buildSubgraphSchema({
        typeDefs: parse(LINK + sdl),
        // boundary: resolvers are written for the SDL beside them
        resolvers: resolvers as Parameters<typeof buildSubgraphSchema>[0] extends infer T
          ? T extends { resolvers?: infer R }
            ? NonNullable<R>
            : never
          : never,
      }),
    ]),
  );

/** The five subgraphs composed; `urlOf` says where each answers. */
export const compose = (urlOf: (name: string) => string): string => {
  const services = Object.entries(subgraphs).map(([name, { sdl }]) => ({
    name,
    url: urlOf(name),
    typeDefs: parse(LINK + sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map((error) => error.message).join("\n"));
  return supergraphSdl;
};
