import { Kind, parse, print, valueFromASTUntyped, visit, type DocumentNode, type SelectionSetNode } from "graphql";

/** Whether an operation needs one field with two sets of arguments in one representation. */
export type RequiredArgumentsTest = (document: DocumentNode) => boolean;

type Required = { readonly name: string; readonly args: string };

const selectionsOf = (text: string): SelectionSetNode | null => {
  const [operation] = parse(`{${text}}`, { noLocation: true }).definitions;
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : null;
};

/** Fields that a `@requires` selection asks with arguments. */
const withArguments = (text: string): readonly Required[] => {
  const found: Required[] = [];
  const set = text.includes("(") ? selectionsOf(text) : null;
  if (set === null) return found;
  visit(set, {
    Field: ({ name, arguments: args = [] }) => {
      if (args.length > 0) found.push({ name: name.value, args: args.map(print).toSorted().join() });
    },
  });
  return found;
};

/** Every field of a supergraph that requires others with arguments, by field name. */
const readRequired = (supergraphSdl: string): ReadonlyMap<string, readonly Required[]> => {
  const required = new Map<string, readonly Required[]>();
  visit(parse(supergraphSdl, { noLocation: true }), {
    FieldDefinition({ name, directives = [] }) {
      for (const directive of directives) {
        const argument = directive.arguments?.find((each) => each.name.value === "requires");
        const text: unknown = argument === undefined ? "" : valueFromASTUntyped(argument.value);
        const fields = directive.name.value === "join__field" && typeof text === "string" ? withArguments(text) : [];
        if (fields.length > 0) required.set(name.value, [...(required.get(name.value) ?? []), ...fields]);
      }
    },
  });
  return required;
};

/**
 * Finds operations that Apollo's planner answers with wrong data: it asks a required field once though two fields, or the
 * client itself, want it with different arguments. Field names stand for coordinates, so a finding may be over-cautious.
 */
export const createRequiredArgumentsTest = (supergraphSdl: string): RequiredArgumentsTest => {
  const required = readRequired(supergraphSdl);
  if (required.size === 0) return () => false;
  return (document) => {
    const wanted = new Map<string, Set<string>>();
    const want = ({ name, args }: Required) => wanted.set(name, (wanted.get(name) ?? new Set()).add(args));
    visit(document, {
      Field: ({ name }) => {
        for (const each of required.get(name.value) ?? []) want(each);
      },
    });
    visit(document, {
      Field({ name, alias, arguments: args = [] }) {
        const key = alias?.value ?? name.value;
        if (wanted.has(key)) want({ name: key, args: args.map(print).toSorted().join() });
      },
    });
    return [...wanted.values()].some((sets) => sets.size > 1);
  };
};
