import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  visit,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** Coerced variables of one request. */
export type Variables = Readonly<Record<string, unknown>>;

/** One operation of a document with the fragments beside it. */
export type SelectedOperation = {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Variables that decide a `@skip` or `@include`; their values choose the plan. */
  readonly conditionVariables: readonly string[];
};

/** An operation whose conditions are decided: no `@skip` or `@include` is left. */
export type DecidedOperation = {
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** What subgraphs answer; null when nothing is left for them. */
  readonly planned: DocumentNode | null;
  /** `__schema` and `__type` selections, answered from the API schema; null when there are none. */
  readonly introspection: DocumentNode | null;
};

/** Response key standing in for a selection set whose every field was skipped; never part of an answer. */
export const EMPTY_SELECTION_KEY = "tesseraEmptySelection";

const EMPTY_SELECTION: SelectionNode = {
  kind: Kind.FIELD,
  name: { kind: Kind.NAME, value: "__typename" },
  alias: { kind: Kind.NAME, value: EMPTY_SELECTION_KEY },
};

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/**
 * The document as planners get it: types under their own name, since the projection answers whatever the client called them,
 * and asked for where a selection has nothing but fragments, since an object that none of them fits is still there.
 */
const forPlanner = (document: DocumentNode): DocumentNode =>
  visit(document, {
    Field: {
      leave(field) {
        if (field.name.value === "__typename") return TYPENAME;
        const { selectionSet } = field;
        if (selectionSet === undefined || selectionSet.selections.some(({ kind }) => kind === Kind.FIELD))
          return undefined;
        return { ...field, selectionSet: { ...selectionSet, selections: [TYPENAME, ...selectionSet.selections] } };
      },
    },
  });

const refuse = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });

const isCondition = (directive: DirectiveNode) => directive.name.value === "skip" || directive.name.value === "include";

/** Picks the operation to run, in graphql-js' own words when there is none; throws GraphQLError. */
export const selectOperation = (document: DocumentNode, operationName: string | undefined): SelectedOperation => {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  if (operationName === undefined && operations.length > 1) {
    throw new GraphQLError("Must provide operation name if query contains multiple operations.");
  }
  const operation =
    operationName === undefined ? operations[0] : operations.find((node) => node.name?.value === operationName);
  if (operation === undefined) {
    throw new GraphQLError(
      operationName === undefined ? "Must provide an operation." : `Unknown operation named "${operationName}".`,
    );
  }
  const conditionVariables = new Set<string>();
  visit(document, {
    Directive(directive) {
      const value = directive.arguments?.[0]?.value;
      if (isCondition(directive) && value?.kind === Kind.VARIABLE) conditionVariables.add(value.name.value);
    },
    Field(field) {
      // The one name that would reach an object's prototype where answers are merged.
      if (field.alias?.value === "__proto__") throw refuse('The alias "__proto__" is reserved.');
    },
  });
  return { operation, fragments, conditionVariables: [...conditionVariables] };
};

const isIncluded = (selection: SelectionNode, variables: Variables): boolean =>
  (selection.directives ?? []).every((directive) => {
    if (!isCondition(directive)) return true;
    const value = directive.arguments?.[0]?.value;
    const truth =
      value?.kind === Kind.VARIABLE ? variables[value.name.value] : value?.kind === Kind.BOOLEAN && value.value;
    return directive.name.value === "skip" ? truth !== true : truth === true;
  });

const decideSelection = (selection: SelectionNode, variables: Variables): SelectionNode => {
  const directives = (selection.directives ?? []).filter((directive) => !isCondition(directive));
  if (selection.kind === Kind.FRAGMENT_SPREAD) return { ...selection, directives };
  if (selection.kind === Kind.INLINE_FRAGMENT) {
    return { ...selection, directives, selectionSet: decideSet(selection.selectionSet, variables) };
  }
  return selection.selectionSet === undefined
    ? { ...selection, directives }
    : { ...selection, directives, selectionSet: decideSet(selection.selectionSet, variables) };
};

const decideSet = (set: SelectionSetNode, variables: Variables): SelectionSetNode => {
  const selections = set.selections
    .filter((selection) => isIncluded(selection, variables))
    .map((selection) => decideSelection(selection, variables));
  return { kind: Kind.SELECTION_SET, selections: selections.length === 0 ? [EMPTY_SELECTION] : selections };
};

const isIntrospection = (name: string) => name === "__schema" || name === "__type";

/** The root selections one side answers: fragments are opened, since one may hold fields for both. */
const rootSelections = (
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  keep: (fieldName: string) => boolean,
): readonly SelectionNode[] =>
  set.selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return keep(selection.name.value) ? [selection] : [];
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    return fragment === undefined ? [] : rootSelections(fragment.selectionSet, fragments, keep);
  });

/** A document of one operation with these root selections and only the fragments and variables they use. */
const documentOf = (
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  selections: readonly SelectionNode[],
): DocumentNode | null => {
  if (selections.length === 0) return null;
  const used = new Map<string, FragmentDefinitionNode>();
  const variables = new Set<string>();
  const collect = (node: SelectionSetNode | FragmentDefinitionNode): void => {
    visit(node, {
      Variable: (variable) => void variables.add(variable.name.value),
      FragmentSpread(spread) {
        const fragment = fragments.get(spread.name.value);
        if (fragment === undefined || used.has(spread.name.value)) return;
        used.set(spread.name.value, fragment);
        collect(fragment);
      },
    });
  };
  const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections };
  collect(selectionSet);
  const variableDefinitions = (operation.variableDefinitions ?? []).filter((definition) =>
    variables.has(definition.variable.name.value),
  );
  const definition: OperationDefinitionNode = { ...operation, variableDefinitions, selectionSet, directives: [] };
  return { kind: Kind.DOCUMENT, definitions: [definition, ...used.values()] };
};

/**
 * Decides every `@skip` and `@include` from coerced variables, so that planners and projection see plain selections, and
 * parts introspection from what subgraphs answer. A root `__typename` is answered by the projection.
 */
export const decideOperation = (selected: SelectedOperation, variables: Variables): DecidedOperation => {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const [name, fragment] of selected.fragments) {
    fragments.set(name, { ...fragment, selectionSet: decideSet(fragment.selectionSet, variables) });
  }
  const operation = { ...selected.operation, selectionSet: decideSet(selected.operation.selectionSet, variables) };
  const isQuery = operation.operation === OperationTypeNode.QUERY;
  const planned = rootSelections(
    operation.selectionSet,
    fragments,
    (name) => name !== "__typename" && !(isQuery && isIntrospection(name)),
  );
  const plannedDocument = documentOf(operation, fragments, planned);
  const introspection = isQuery ? rootSelections(operation.selectionSet, fragments, isIntrospection) : [];
  return {
    operation,
    fragments,
    planned: plannedDocument === null ? null : forPlanner(plannedDocument),
    introspection: documentOf(operation, fragments, introspection),
  };
};

/** The document split into one per root response key, in the order they must run: mutations are serial. */
export const splitByRootField = (document: DocumentNode): readonly DocumentNode[] => {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) return [];
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const groups = new Map<string, SelectionNode[]>();
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD) continue; // root fragments are opened before
    const key = selection.alias?.value ?? selection.name.value;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [selection]);
    else group.push(selection);
  }
  return [...groups.values()].flatMap((selections) => documentOf(operation, fragments, selections) ?? []);
};
