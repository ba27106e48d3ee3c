import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from "graphql";
import { snakeCase } from "../http/snake-case.ts";

/** The graph's own words. */
export interface GraphDescriptions {
  readonly schema: GraphQLSchema;
  /** What the graph says of `Type`, `Type.field` or `Type.field.argument`, in REST's spelling; throws when it knows no such thing. */
  readonly of: (coordinate: string) => string;
}

interface Described {
  readonly description?: string | null | undefined;
}

const memberOf = (
  type: GraphQLNamedType | undefined,
  member: string,
  argument: string | undefined,
): Described | undefined => {
  if (isObjectType(type) || isInterfaceType(type)) {
    const field = type.getFields()[member];
    return argument === undefined ? field : field?.args.find(({ name }) => name === argument);
  }
  if (isInputObjectType(type)) return type.getFields()[member];
  return isEnumType(type) ? (type.getValue(member) ?? undefined) : undefined;
};

/** Names in backquotes as REST spells them: `hasMore` is `has_more`, `ASC` is `asc`. */
const inRestSpelling = (description: string): string =>
  description
    .replace(/`([a-z]+[A-Z]\w*)`/g, (_match, name: string) => `\`${snakeCase(name)}\``)
    .replace(/\b(COUNT|UNIQUES|SUM|AVG|MIN|MAX|QUANTILES|NONE|ASC|DESC)\b/g, (name) => `\`${name.toLowerCase()}\``)
    .replace(/\s+/g, " ")
    .trim();

/** Reads the descriptions of a supergraph's SDL. */
export const createGraphDescriptions = (supergraphSdl: string): GraphDescriptions => {
  // Composition checked it; building it again without checks is quicker.
  const schema = buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true });
  return {
    schema,
    of: (coordinate) => {
      const [typeName = "", member, argument] = coordinate.split(".");
      const type = schema.getType(typeName);
      const described = member === undefined ? type : memberOf(type, member, argument);
      const description = described?.description;
      if (typeof description !== "string") throw new Error(`The graph describes no ${coordinate}.`);
      return inRestSpelling(description);
    },
  };
};
