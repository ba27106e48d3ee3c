import {
  getNamedType,
  isInputObjectType,
  isInputType,
  typeFromAST,
  visit,
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLSchema,
} from "graphql";

const fieldsOf = (type: GraphQLInputObjectType): readonly GraphQLInputObjectType[] =>
  Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    return isInputObjectType(inner) ? [inner] : [];
  });

const reachesItself = (type: GraphQLInputObjectType, above: ReadonlySet<GraphQLInputObjectType>): boolean =>
  above.has(type) || fieldsOf(type).some((inner) => reachesItself(inner, new Set([...above, type])));

/**
 * True when a variable of the document has an input type that contains itself, such as a filter of filters. graphql-jit writes out the parsing of
 * every level such a value could have, without end: seconds of work and a gigabyte, before it gives up.
 */
export const hasRecursiveInput = (schema: GraphQLSchema, document: DocumentNode): boolean => {
  let found = false;
  visit(document, {
    VariableDefinition: ({ type: node }) => {
      const type = typeFromAST(schema, node);
      const named = isInputType(type) ? getNamedType(type) : undefined;
      found ||= isInputObjectType(named) && reachesItself(named, new Set());
      return false;
    },
  });
  return found;
};
