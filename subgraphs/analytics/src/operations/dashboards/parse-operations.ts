import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import type { ChartType } from "../../domain/dashboards/chart.ts";
import { DASHBOARD_LIMITS, type Box, type WidgetContent } from "../../domain/dashboards/document.ts";
import type { Operation } from "../../domain/dashboards/operation.ts";
import {
  parseBox,
  parseDescription,
  parseText,
  parseTitle,
  parseVariable,
  parseWidgetId,
  type VariableInput,
} from "../../domain/dashboards/parse-parts.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { parseFilter } from "../../domain/filter.ts";
import { checkQuestion, type CheckDeps, type WidgetQuestionInput } from "./check-question.ts";
import { accessNaming } from "../semantic/own-dimensions.ts";

type Maybe<T> = T | null | undefined;

/** A widget as the graph delivers it: with a question or a text. */
export interface AddWidgetInput {
  readonly id: string;
  readonly title: string;
  readonly box: Box;
  readonly question?: Maybe<WidgetQuestionInput>;
  readonly text?: Maybe<string>;
  readonly chart?: Maybe<ChartType>;
  readonly after?: Maybe<string>;
}

/** An operation as the graph delivers it: exactly one of them. */
export interface OperationInput {
  readonly setTitle?: Maybe<string>;
  readonly setDescription?: Maybe<string>;
  readonly setRange?: Maybe<{ readonly range?: Maybe<TimeRangeInput> }>;
  readonly setFilter?: Maybe<{ readonly filter?: Maybe<FilterInput> }>;
  readonly setVariable?: Maybe<VariableInput>;
  readonly removeVariable?: Maybe<string>;
  readonly addWidget?: Maybe<AddWidgetInput>;
  readonly removeWidget?: Maybe<string>;
  readonly moveWidget?: Maybe<{ readonly id: string; readonly box: Box }>;
  readonly setWidgetTitle?: Maybe<{ readonly id: string; readonly title: string }>;
  readonly setWidgetQuestion?: Maybe<{ readonly id: string; readonly question: WidgetQuestionInput }>;
  readonly setWidgetText?: Maybe<{ readonly id: string; readonly text: string }>;
  readonly setWidgetChart?: Maybe<{ readonly id: string; readonly chart?: Maybe<ChartType> }>;
  readonly placeWidget?: Maybe<{ readonly id: string; readonly after?: Maybe<string> }>;
}

/** Where an operation stands, for whom, and what reading it needs. */
interface Place {
  readonly deps: CheckDeps;
  readonly caller: Caller;
  readonly where: string;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const bounded = <T>(value: T, most: number, where: string): T => {
  if (JSON.stringify(value).length <= most) return value;
  throw bad(where, `This takes more than ${most.toLocaleString("en-US")} characters of JSON: make it smaller.`);
};

const questionContent = async (
  { deps, caller }: Place,
  asked: WidgetQuestionInput,
  where: string,
): Promise<WidgetContent> => {
  const question = await checkQuestion(deps)(caller, asked, where);
  bounded(question.input, DASHBOARD_LIMITS.question, where);
  return { kind: "QUESTION", question };
};

const contentOf = async (place: Place, { question, text }: AddWidgetInput): Promise<WidgetContent> => {
  const [asked, said] = [question ?? null, text ?? null];
  if (asked !== null && said === null) return questionContent(place, asked, `${place.where}.question`);
  if (said !== null && asked === null) return { kind: "TEXT", text: parseText(said, `${place.where}.text`) };
  throw bad(place.where, "A widget has either a `question` or a `text`.");
};

const parseRange = ({ deps, where }: Place, range: Maybe<TimeRangeInput>): TimeRangeInput | null => {
  if (range === null || range === undefined) return null;
  absoluteRange(range, deps.nowMs(), "UTC", `${where}.range`);
  return range;
};

const parseOwnFilter = async (
  { deps, caller, where }: Place,
  filter: Maybe<FilterInput>,
): Promise<FilterInput | null> => {
  if (filter === null || filter === undefined) return null;
  parseFilter(filter, `${where}.filter`, await accessNaming(deps, caller, filter));
  return bounded(filter, DASHBOARD_LIMITS.filter, `${where}.filter`);
};

const addWidget = async (place: Place, widget: AddWidgetInput): Promise<Operation> => {
  const { where } = place;
  const after = widget.after ?? null;
  return {
    kind: "ADD_WIDGET",
    widget: {
      id: parseWidgetId(widget.id, `${where}.id`),
      title: parseTitle(widget.title, `${where}.title`),
      box: parseBox(widget.box, `${where}.box`),
      content: await contentOf(place, widget),
      chart: widget.chart ?? null,
    },
    after: after === null ? undefined : parseWidgetId(after, `${where}.after`),
  };
};

type Read = Operation | Promise<Operation>;

/** How the operation of a field is read; null when the field says nothing. */
const reader = <Field extends keyof OperationInput>(
  field: Field,
  read: (value: NonNullable<OperationInput[Field]>, place: Place) => Read,
) => ({
  field,
  read: (input: OperationInput, place: Place): Read | null => {
    const value = input[field];
    return value === null || value === undefined ? null : read(value, place);
  },
});

const idOf = ({ id }: { readonly id: string }, { where }: Place): string => parseWidgetId(id, `${where}.id`);

/** How each operation is read. */
const READERS = [
  reader("setTitle", (title, { where }) => ({ kind: "SET_TITLE", title: parseTitle(title, where) })),
  reader("setDescription", (text, { where }) => ({
    kind: "SET_DESCRIPTION",
    description: parseDescription(text, where),
  })),
  reader("setRange", ({ range }, place) => ({ kind: "SET_RANGE", range: parseRange(place, range) })),
  reader("setFilter", async ({ filter }, place) => ({
    kind: "SET_FILTER",
    filter: await parseOwnFilter(place, filter),
  })),
  reader("setVariable", (variable, { where }) => ({ kind: "SET_VARIABLE", variable: parseVariable(variable, where) })),
  reader("removeVariable", (name) => ({ kind: "REMOVE_VARIABLE", name })),
  reader("addWidget", (widget, place) => addWidget(place, widget)),
  reader("removeWidget", (id, { where }) => ({ kind: "REMOVE_WIDGET", widgetId: parseWidgetId(id, where) })),
  reader("moveWidget", (move, place) => ({
    ...{ kind: "MOVE_WIDGET", widgetId: idOf(move, place), box: parseBox(move.box, `${place.where}.box`) },
  })),
  reader("setWidgetTitle", (set, place) => ({
    ...{ kind: "SET_WIDGET_TITLE", widgetId: idOf(set, place), title: parseTitle(set.title, `${place.where}.title`) },
  })),
  reader("setWidgetQuestion", async (set, place) => ({
    kind: "SET_WIDGET_CONTENT",
    widgetId: idOf(set, place),
    content: await questionContent(place, set.question, `${place.where}.question`),
  })),
  reader("setWidgetText", (set, place) => ({
    kind: "SET_WIDGET_CONTENT",
    widgetId: idOf(set, place),
    content: { kind: "TEXT", text: parseText(set.text, `${place.where}.text`) },
  })),
  reader("setWidgetChart", (set, place) => ({
    ...{ kind: "SET_WIDGET_CHART", widgetId: idOf(set, place), chart: set.chart ?? null },
  })),
  reader("placeWidget", (set, place) => {
    const after = set.after ?? null;
    const anchor = after === null ? null : parseWidgetId(after, `${place.where}.after`);
    return { kind: "PLACE_WIDGET", widgetId: idOf(set, place), after: anchor };
  }),
];

/** Reads the operations of an edit; refuses with BAD_INPUT or FORBIDDEN, at the place, before anything is done. */
export const parseOperations = async (
  deps: CheckDeps,
  caller: Caller,
  inputs: readonly OperationInput[],
): Promise<readonly Operation[]> => {
  if (inputs.length === 0 || inputs.length > DASHBOARD_LIMITS.operations)
    throw bad("operations", `An edit is 1 to ${DASHBOARD_LIMITS.operations} operations.`);
  const operations: Operation[] = [];
  for (const [index, input] of inputs.entries()) {
    const where = `operations.${index}`;
    const given = READERS.filter(({ field }) => (input[field] ?? null) !== null);
    const [one] = given;
    const operation =
      given.length > 1 ? null : await one?.read(input, { deps, caller, where: `${where}.${one.field}` });
    if (operation === null || operation === undefined)
      throw bad(where, `An operation is exactly one of ${READERS.map(({ field }) => `\`${field}\``).join(", ")}.`);
    operations.push(operation);
  }
  return operations;
};
