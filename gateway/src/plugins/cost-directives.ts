import { Kind, parse, visit, type ConstDirectiveNode, type ConstValueNode } from "graphql";

/** What the schema's owners say a field costs: federation's `@cost` and `@listSize`. */
export interface FieldPricing {
  readonly weight: number | null;
  readonly assumedSize: number | null;
  readonly slicingArguments: readonly string[] | null;
  readonly sizedFields: readonly string[] | null;
}

const argument = (directive: ConstDirectiveNode | undefined, name: string): ConstValueNode | undefined =>
  directive?.arguments?.find((each) => each.name.value === name)?.value;

const wholeNumber = (value: ConstValueNode | undefined): number | null =>
  value?.kind === Kind.INT ? Number(value.value) : null;

const texts = (value: ConstValueNode | undefined): readonly string[] | null => {
  if (value?.kind !== Kind.LIST) return null;
  return value.values.flatMap((each) => (each.kind === Kind.STRING ? [each.value] : []));
};

/** Reads `@cost` and `@listSize` of a supergraph's fields, by `Type.field`; fields without either are not in the answer. */
export const readFieldPricing = (supergraphSdl: string): ReadonlyMap<string, FieldPricing> => {
  const pricing = new Map<string, FieldPricing>();
  let type = "";
  visit(parse(supergraphSdl, { noLocation: true }), {
    enter: (node) => {
      if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION)
        type = node.name.value;
      if (node.kind !== Kind.FIELD_DEFINITION) return;
      const named = (name: string) =>
        node.directives?.find((each) => each.name.value === name || each.name.value === `federation__${name}`);
      const [cost, listSize] = [named("cost"), named("listSize")];
      if (cost === undefined && listSize === undefined) return;
      pricing.set(`${type}.${node.name.value}`, {
        weight: wholeNumber(argument(cost, "weight")),
        assumedSize: wholeNumber(argument(listSize, "assumedSize")),
        slicingArguments: texts(argument(listSize, "slicingArguments")),
        sizedFields: texts(argument(listSize, "sizedFields")),
      });
    },
  });
  return pricing;
};
