import { Type } from "typebox";

/** Keyword under which a schema names the part of the graph whose description is its own. */
export const GRAPHQL_KEYWORD = "x-graphql";
/** Keyword of a schema that is an input of the graph, field by field. */
export const GRAPHQL_INPUT_KEYWORD = "x-graphql-input";

/** Schema options: described by `Type.field`, `Type.field.argument` or `Type` of the graph, in the document made from it. */
export const from = (coordinate: string): { readonly [GRAPHQL_KEYWORD]: string } => ({ [GRAPHQL_KEYWORD]: coordinate });

/** An input of the graph as a body; for documentation, because the route that reads it checks it by itself. */
export const graphqlInput = (name: string) => Type.Unsafe<unknown>({ [GRAPHQL_INPUT_KEYWORD]: name });
