import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, type ExecutionResult, type GraphQLScalarType } from "graphql";
import { createInProcessConnection } from "../connections/in-process.ts";
import type { CallContext, SubgraphConnection } from "../connections/connection.ts";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [
  "@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject"
])\n`;

/** Resolvers in the shape @apollo/subgraph takes, for tests. */
export type FixtureResolvers = Record<string, Record<string, unknown> | GraphQLScalarType>;

/** One subgraph of a test: SDL without the federation link, and its resolvers. */
export type FixtureSubgraph = { readonly sdl: string; readonly resolvers?: FixtureResolvers };

/** A composed test graph over in-process subgraphs, which records every operation sent to them. */
export type FixtureGraph = {
  readonly supergraphSdl: string;
  readonly connections: ReadonlyMap<string, SubgraphConnection<CallContext>>;
  readonly sent: { service: string; query: string; variables: Readonly<Record<string, unknown>> }[];
};

/** A file of tests asks for few compositions, most of them many times. */
const composed = new Map<string, string>();

/** Composes SDL by subgraph name; throws with the composition's own messages. */
export const composeFixture = (subgraphs: Readonly<Record<string, string>>): string => {
  const key = JSON.stringify(subgraphs);
  const known = composed.get(key);
  if (known !== undefined) return known;
  const services = Object.entries(subgraphs).map(([name, sdl]) => ({
    name,
    url: `http://${name}.test/graphql`,
    typeDefs: parse(LINK + sdl),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error((errors ?? []).map((error) => error.message).join("\n"));
  composed.set(key, supergraphSdl);
  return supergraphSdl;
};

const recording = (
  inner: SubgraphConnection<CallContext>,
  sent: FixtureGraph["sent"],
): SubgraphConnection<CallContext> => ({
  ...inner,
  execute(request, call): Promise<ExecutionResult> {
    sent.push({ service: inner.name, query: request.query, variables: request.variables ?? {} });
    return inner.execute(request, call);
  },
});

/** Builds a test graph from SDL and resolvers per subgraph. */
export const fixtureGraph = (subgraphs: Readonly<Record<string, FixtureSubgraph>>): FixtureGraph => {
  const sdl = Object.fromEntries(Object.entries(subgraphs).map(([name, { sdl: text }]) => [name, text]));
  const sent: FixtureGraph["sent"] = [];
  const connections = new Map<string, SubgraphConnection<CallContext>>();
  for (const [name, { sdl: text, resolvers = {} }] of Object.entries(subgraphs)) {
    const schema = buildSubgraphSchema({ typeDefs: parse(LINK + text), resolvers: resolversOf(resolvers) });
    const inner = createInProcessConnection<CallContext>({
      name,
      schema,
      createContext: () => ({}),
      compileAfterUses: 2,
    });
    connections.set(name, recording(inner, sent));
  }
  return { supergraphSdl: composeFixture(sdl), connections, sent };
};

type SubgraphResolvers = NonNullable<
  Extract<Parameters<typeof buildSubgraphSchema>[0], { typeDefs: unknown }>["resolvers"]
>;

const resolversOf = (resolvers: FixtureResolvers): SubgraphResolvers => resolvers as SubgraphResolvers; // boundary: resolvers are written for their own SDL
