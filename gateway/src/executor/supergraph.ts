import { Supergraph } from "@apollo/federation-internals";
import { isAbstractType, isInterfaceType, isObjectType, type GraphQLSchema } from "graphql";

/** A supergraph as the executor reads it. */
export type SupergraphView = {
  readonly sdl: string;
  /** What clients may ask: without federation's own types and without anything inaccessible. */
  readonly apiSchema: GraphQLSchema;
  readonly services: readonly { readonly name: string; readonly url: string }[];
  /** Whether an object or interface of this name is one of, or implements, `condition`; counts inaccessible types. */
  readonly isOfType: (typeName: string, condition: string) => boolean;
  readonly isAbstract: (typeName: string) => boolean;
  readonly federated: Supergraph;
};

/**
 * Reads composed SDL; throws on anything that is not a supergraph this executor understands. Features it would not
 * enforce (`@authenticated`, `@requiresScopes`, `@policy`, `@context`) are refused rather than ignored.
 */
export const readSupergraph = (sdl: string): SupergraphView => {
  const federated = Supergraph.build(sdl);
  const full = federated.schema.toGraphQLJSSchema();
  const members = new Map<string, ReadonlySet<string>>();
  const membersOf = (condition: string): ReadonlySet<string> => {
    const known = members.get(condition);
    if (known !== undefined) return known;
    const type = full.getType(condition);
    const names = [condition];
    if (type !== undefined && isAbstractType(type)) {
      for (const candidate of Object.values(full.getTypeMap())) {
        if ((isObjectType(candidate) || isInterfaceType(candidate)) && full.isSubType(type, candidate)) {
          names.push(candidate.name);
        }
      }
    }
    const set = new Set(names);
    members.set(condition, set);
    return set;
  };
  return {
    sdl,
    apiSchema: federated.apiSchema().toGraphQLJSSchema(),
    services: federated.subgraphsMetadata(),
    isOfType: (typeName, condition) => typeName === condition || membersOf(condition).has(typeName),
    isAbstract: (typeName) => isAbstractType(full.getType(typeName)),
    federated,
  };
};
