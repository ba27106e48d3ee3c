/** Keyword under which a schema names the part of the graph whose description is its own. */
export const GRAPHQL_KEYWORD = "x-graphql";

/** Schema options: described by `Type.field`, `Type.field.argument` or `Type` of the graph, in the document made from it. */
export const from = (coordinate: string): { readonly [GRAPHQL_KEYWORD]: string } => ({ [GRAPHQL_KEYWORD]: coordinate });
