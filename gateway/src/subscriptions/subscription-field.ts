import {
  getNamedType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { PERSONAL_SUBSCRIPTIONS, SUBSCRIPTIONS_WITH_A_BEGINNING } from "@tessera/contracts/unshared-subscriptions";
import type { RawVariables } from "../operations/graphql-request.ts";

/** The argument by which a stream resumes behind a cursor. */
const RESUME_ARGUMENT = "after";
/** How payload types end that tell what happened. */
const EVENT_SUFFIX = "Event";
/** The field by which an event tells its place. */
const CURSOR_FIELD = "cursor";

/** What the gateway has to know of a subscription's one root field. */
export interface SubscriptionField {
  readonly responseKey: string;
  /** Response key under which the event's own `cursor` was selected; null when it was not. */
  readonly cursorKey: string | null;
  /** True when the stream has a beginning of its own, which can't be shared: it starts behind a cursor, or its first message tells what no later one does. */
  readonly beginsAlone: boolean;
  /** True when it answers by who asks: it is asked as its reader, and shared with nobody. */
  readonly personal: boolean;
  /**
   * True when each message tells the whole present state (a job, a metric window), so that the latest one brings a late reader up to date. By
   * the graph's convention a payload type whose name ends in `Event` tells what happened instead: there a late reader starts now.
   */
  readonly tellsState: boolean;
}

const fieldsOf = (document: DocumentNode, set: SelectionSetNode): readonly FieldNode[] =>
  set.selections.flatMap((selection): readonly FieldNode[] => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(document, selection.selectionSet);
    const fragment = document.definitions.find(
      (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === selection.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? fieldsOf(document, fragment.selectionSet) : [];
  });

/** Reads a valid subscription; null when it has no root field. */
export const readSubscriptionField = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: RawVariables,
): SubscriptionField | null => {
  const [root] = fieldsOf(document, operation.selectionSet);
  if (root === undefined) return null;
  const after = root.arguments?.find(({ name }) => name.value === RESUME_ARGUMENT)?.value;
  const given = after?.kind === Kind.VARIABLE ? (variables[after.name.value] ?? null) : (after ?? null);
  const hasDefault = (operation.variableDefinitions ?? []).some(
    ({ variable, defaultValue }) =>
      after?.kind === Kind.VARIABLE && variable.name.value === after.name.value && defaultValue !== undefined,
  );
  const declared = schema.getSubscriptionType()?.getFields()[root.name.value];
  const selected = root.selectionSet === undefined ? [] : fieldsOf(document, root.selectionSet);
  const cursor = selected.find(({ name }) => name.value === CURSOR_FIELD);
  return {
    responseKey: root.alias?.value ?? root.name.value,
    cursorKey: cursor === undefined ? null : (cursor.alias?.value ?? cursor.name.value),
    personal: PERSONAL_SUBSCRIPTIONS.has(root.name.value),
    beginsAlone:
      SUBSCRIPTIONS_WITH_A_BEGINNING.has(root.name.value) ||
      hasDefault ||
      (given !== null && after?.kind !== Kind.NULL),
    tellsState: declared !== undefined && !getNamedType(declared.type).name.endsWith(EVENT_SUFFIX),
  };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The cursor of one event's data; null when it was not selected. */
export const cursorOf = (field: SubscriptionField, data: unknown): string | null => {
  if (field.cursorKey === null || !isRecord(data)) return null;
  const event = data[field.responseKey];
  const cursor = isRecord(event) ? event[field.cursorKey] : null;
  return typeof cursor === "string" ? cursor : null;
};
