import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
} from "graphql";
import { draw } from "./generated-graph.ts";

/** A generated query with the variables it takes. */
export type GeneratedOperation = { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };

/** Fields after which a query only closes what is open: enough for every feature to meet every other. */
const FIELD_BUDGET = 60;
const CONDITIONS = ["c0", "c1"];

/** Draws in order from one seed: each call depends on all before it. */
const dice = (...seed: readonly unknown[]): Roll => {
  let rolls = 0;
  return (bound) => {
    rolls += 1;
    return draw(bound, rolls, ...seed);
  };
};

type Roll = (bound: number) => number;

const directivesOf = (roll: Roll): string => {
  if (roll(6) > 0) return "";
  const name = roll(2) === 0 ? "skip" : "include";
  const value = roll(4) === 0 ? String(roll(2) === 0) : `$${CONDITIONS[roll(CONDITIONS.length)] ?? "c0"}`;
  return ` @${name}(if: ${value})`;
};

const argumentsOf = (field: GraphQLField<unknown, unknown>, roll: Roll): string => {
  const choice = field.args.length === 0 ? 0 : roll(4);
  if (choice === 0) return "";
  return choice === 1 ? "(a: $v)" : choice === 2 ? "(a: $w)" : `(a: ${roll(4)})`;
};

/** Generates queries over any schema whose arguments are all `a: Int`; most are valid, and callers validate. */
export const generateOperation = (schema: GraphQLSchema, ...seed: readonly unknown[]): GeneratedOperation => {
  const roll = dice(...seed);
  const fragments: string[] = [];
  let aliases = 0;
  let fields = 0;

  const directives = () => directivesOf(roll);
  const fieldText = (field: GraphQLField<unknown, unknown>, depth: number): string => {
    const type = getNamedType(field.type);
    const given = argumentsOf(field, roll);
    const alias = given !== "" || field.args.length > 0 || roll(6) === 0 ? `x${(aliases += 1)}: ` : "";
    const head = `${alias}${field.name}${given}${directives()}`;
    return isCompositeType(type) ? `${head} ${selection(type, depth - 1)}` : head;
  };
  const isLeaf = (field: GraphQLField<unknown, unknown>) => !isCompositeType(getNamedType(field.type));
  const fieldsOf = (type: GraphQLCompositeType, depth: number): string[] => {
    if (!("getFields" in type)) return [];
    const all = Object.values(type.getFields()).filter((field) => depth > 0 || isLeaf(field));
    const chosen = all.filter(() => roll(3) === 0 && (fields += 1) < FIELD_BUDGET);
    return chosen.map((field) => fieldText(field, depth));
  };
  const fragment = (type: GraphQLCompositeType, depth: number): string => {
    if (roll(3) > 0) return `... on ${type.name}${directives()} ${selection(type, depth)}`;
    const name = `F${fragments.length}`;
    fragments.push("");
    fragments[Number(name.slice(1))] = `fragment ${name} on ${type.name} ${selection(type, depth)}`;
    return `...${name}${directives()}`;
  };
  const conditionsOf = (type: GraphQLCompositeType): readonly GraphQLCompositeType[] => {
    if (isAbstractType(type)) return schema.getPossibleTypes(type);
    const abstract = Object.values(schema.getTypeMap()).filter((each) => isAbstractType(each));
    return [type, ...abstract.filter((each) => isObjectType(type) && schema.isSubType(each, type))];
  };
  const selection = (type: GraphQLCompositeType, depth: number): string => {
    const parts = fieldsOf(type, depth);
    if (depth > 0) {
      for (const condition of conditionsOf(type))
        if (roll(isAbstractType(type) ? 2 : 8) === 0 && fields < FIELD_BUDGET) parts.push(fragment(condition, depth));
    }
    if (parts.length === 0 || roll(5) === 0)
      parts.push(roll(4) === 0 ? `t${(aliases += 1)}: __typename` : "__typename");
    return `{ ${parts.join(" ")} }`;
  };

  const query = schema.getQueryType();
  const body = query === null || query === undefined ? "{ __typename }" : selection(query, 3);
  const header = "query G($v: Int = 2, $w: Int, $c0: Boolean!, $c1: Boolean = true)";
  return {
    query: `${header} ${body} ${fragments.join(" ")}`,
    variables: {
      c0: roll(2) === 0,
      ...(roll(2) === 0 ? { c1: roll(2) === 0 } : {}),
      ...(roll(2) === 0 ? { w: roll(4) } : {}),
    },
  };
};
