import {
  getNamedType,
  isInputObjectType,
  Kind,
  type FieldNode,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type ValueNode,
} from "graphql";
import { sum, type Term } from "./price.ts";

/** Rows that the input objects of a field's arguments ask for, defaults of the schema included. */
export type InputRows = (field: GraphQLField<unknown, unknown>, node: FieldNode) => Term;

const asRows = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.max(0, value) : 0;

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;

/** Makes {@link InputRows}: whole numbers under one of `names`, wherever they stand in an input object. */
export const createInputRows = (names: readonly string[]): InputRows => {
  const known = new Map<GraphQLInputObjectType, readonly GraphQLInputField[]>();

  /** The fields of an input object that say how many rows, or lead to one that does; a type within itself is not followed. */
  const telling = (type: GraphQLInputObjectType): readonly GraphQLInputField[] => {
    const before = known.get(type);
    if (before !== undefined) return before;
    known.set(type, []);
    const fields = Object.values(type.getFields()).filter((field) => {
      const named = getNamedType(field.type);
      return isInputObjectType(named) ? telling(named).length > 0 : names.includes(field.name);
    });
    known.set(type, fields);
    return fields;
  };

  const inValue = (type: GraphQLInputType, value: unknown): number => {
    const named = getNamedType(type);
    if (!isInputObjectType(named)) return asRows(value);
    if (Array.isArray(value)) return value.reduce((rows: number, each) => rows + inValue(type, each), 0);
    if (typeof value !== "object" || value === null) return 0;
    return telling(named).reduce(
      (rows, field) => rows + inValue(field.type, memberOf(value, field.name) ?? field.defaultValue),
      0,
    );
  };

  const inNode = (type: GraphQLInputType, node: ValueNode | undefined, otherwise: unknown): Term => {
    if (node === undefined) return inValue(type, otherwise);
    if (node.kind === Kind.VARIABLE) {
      const name = node.name.value;
      return (variables) => inValue(type, variables[name] ?? otherwise);
    }
    if (node.kind === Kind.INT) return asRows(Number(node.value));
    if (node.kind === Kind.LIST) return sum(node.values.map((each) => inNode(type, each, undefined)));
    const named = getNamedType(type);
    if (node.kind !== Kind.OBJECT || !isInputObjectType(named)) return 0;
    return sum(
      telling(named).map((field) => {
        const given = node.fields.find((each) => each.name.value === field.name)?.value;
        return inNode(field.type, given, field.defaultValue);
      }),
    );
  };

  return (field, node) =>
    sum(
      field.args.map((argument) => {
        const named = getNamedType(argument.type);
        if (!isInputObjectType(named) || telling(named).length === 0) return 0;
        const given = node.arguments?.find((each) => each.name.value === argument.name)?.value;
        return inNode(argument.type, given, argument.defaultValue);
      }),
    );
};
