import type { Caller } from "@tessera/contracts/caller";
import { errorCodes, type ErrorCode } from "@tessera/platform/errors/error-codes";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { TimeRangeInput } from "../../domain/asked-range.ts";
import type { Dashboard } from "../../domain/dashboards/dashboard.ts";
import { DASHBOARD_LIMITS, type Widget } from "../../domain/dashboards/document.ts";
import {
  ANSWERS,
  type AnswerType,
  type Question,
  type QuestionInput,
  type QuestionKind,
} from "../../domain/dashboards/question.ts";
import {
  parseVariableValue,
  withVariables,
  type DashboardVariable,
  type VariableValueInput,
} from "../../domain/dashboards/variable.ts";
import { didYouMean } from "../../domain/did-you-mean.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { parseFilter } from "../../domain/filter.ts";
import { savedQueryNamed, type CheckDeps, type SavedQueryRef } from "./check-question.ts";
import { findDashboard, type FindDeps } from "./find-dashboards.ts";
import { accessNaming } from "../semantic/own-dimensions.ts";

/** A question as the graph's own field of it asks it. */
export type AskQuestion = (
  caller: Caller,
  input: QuestionInput,
  signal: AbortSignal | undefined,
  maxStaleness: string | undefined,
) => Promise<object>;

/** What answering dashboards needs. */
export interface DataDeps extends FindDeps, CheckDeps {
  /** Every question but saved ones by its kind. */
  readonly ask: Readonly<Record<Exclude<QuestionKind, "SAVED_QUERY">, AskQuestion>>;
  /** Asks a saved query by its id. */
  readonly askSaved: AskQuestion;
  readonly logger: Logger;
}

/** What is asked of a dashboard. */
export interface DashboardDataInput {
  readonly id: string;
  readonly version?: number | null | undefined;
  readonly variables?: readonly (VariableValueInput & { readonly name: string })[];
  readonly range?: TimeRangeInput | null | undefined;
  readonly filter?: FilterInput | null | undefined;
  readonly widgets?: readonly string[] | null | undefined;
  readonly maxStaleness?: string;
}

/** Why a widget has no answer. */
export interface WidgetError {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly field: string | null;
}

/** An answer with the name of its type in the SDL. */
export type TypedAnswer = object & { readonly __typename: AnswerType };

/** What a widget shows now. */
export interface WidgetData {
  readonly widget: Widget;
  /** Null beside an error, and for a text. */
  readonly answer: TypedAnswer | null;
  readonly error: WidgetError | null;
}

/** A dashboard with what its widgets show. */
export interface DashboardData {
  readonly dashboard: Dashboard;
  readonly widgets: readonly WidgetData[];
}

/** Questions of a dashboard that are with the store at a time: a share of what one tenant may have there. */
const AT_ONCE = 4;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The dashboard's variables with the values that were chosen; refuses with BAD_INPUT. */
export const chosenVariables = (
  variables: readonly DashboardVariable[],
  values: NonNullable<DashboardDataInput["variables"]>,
  where = "variables",
): readonly DashboardVariable[] => {
  const byName = new Map(variables.map((one) => [one.name, one]));
  if (values.length > DASHBOARD_LIMITS.variables) throw bad(where, `At most ${DASHBOARD_LIMITS.variables} values.`);
  for (const [index, { name, ...value }] of values.entries()) {
    const variable = byName.get(name);
    if (variable === undefined)
      throw bad(
        `${where}.${index}.name`,
        `The dashboard has no variable \`${name}\`.${didYouMean(name, [...byName.keys()])}`,
      );
    byName.set(name, { ...variable, value: parseVariableValue(value, variable.type, `${where}.${index}`) });
  }
  return [...byName.values()];
};

/** A filter that holds where both do. */
export const bothFilters = (one: FilterInput | null, other: FilterInput | null): FilterInput | null =>
  one !== null && other !== null ? { and: [one, other] } : (one ?? other);

/** What holds of every question of a dashboard. */
export interface Setting {
  readonly caller: Caller;
  readonly signal: AbortSignal | undefined;
  readonly maxStaleness: string | undefined;
  readonly variables: readonly DashboardVariable[];
  readonly range: TimeRangeInput | null;
  readonly filter: FilterInput | null;
}

/** Asks the question of a widget as its dashboard has it asked. */
export const askQuestion = async (
  deps: DataDeps,
  { caller, signal, maxStaleness, variables, range, filter }: Setting,
  widget: Widget,
  { kind, input }: Question,
): Promise<TypedAnswer> => {
  const filled = deps.questionTypes.coerce(kind, withVariables(input, widget.id, variables), "question");
  const narrowed = deps.questionTypes.narrow(kind, filled, filter);
  const asked = range === null ? narrowed : { ...narrowed, range };
  if (kind !== "SAVED_QUERY")
    return { ...(await deps.ask[kind](caller, asked, signal, maxStaleness)), __typename: ANSWERS[kind] };
  // boundary: coerced to its type of the SDL above.
  const { name, version, ...rest } = asked as unknown as SavedQueryRef & QuestionInput;
  const saved = await savedQueryNamed(deps, caller, { name, version });
  const value = await deps.askSaved(caller, { ...rest, id: saved.id, version: saved.version }, signal, maxStaleness);
  return { ...value, __typename: ANSWERS[saved.content.question.kind] };
};

const errorOf = (error: unknown, logger: Logger): WidgetError => {
  if (error instanceof Refusal) return { code: error.code, detail: error.message, field: error.extras.field ?? null };
  logger.error({ error: errorMessage(error) }, "A widget of a dashboard could not be answered.");
  return { code: "INTERNAL", detail: errorCodes.INTERNAL.title, field: null };
};

const dataOf = async (deps: DataDeps, setting: Setting, widget: Widget): Promise<WidgetData> => {
  const { content } = widget;
  if (content.kind === "TEXT") return { widget, answer: null, error: null };
  try {
    return { widget, answer: await askQuestion(deps, setting, widget, content.question), error: null };
  } catch (error) {
    return { widget, answer: null, error: errorOf(error, deps.logger) };
  }
};

/** Answers the questions of widgets, a few at a time; one that fails says why and leaves the others alone. */
export const answerWidgets = (
  deps: DataDeps,
  setting: Setting,
  widgets: readonly Widget[],
): Promise<readonly WidgetData[]> => eachOf(widgets, AT_ONCE, (widget) => dataOf(deps, setting, widget));

const wanted = ({ document }: Dashboard, ids: readonly string[] | null | undefined): readonly Widget[] => {
  if (ids === null || ids === undefined) return document.widgets;
  const asked = new Set(ids.map((id) => id.toLowerCase()));
  return document.widgets.filter(({ id }) => asked.has(id));
};

/**
 * Answers every widget's question with the caller's own permissions and within the caller's budget, as if each were asked by itself; one that fails says
 * why and leaves the others alone. Null when there is no such dashboard that the caller may see.
 */
export const dashboardData =
  (deps: DataDeps) =>
  async (caller: Caller, input: DashboardDataInput, signal?: AbortSignal): Promise<DashboardData | null> => {
    const dashboard = await findDashboard(deps)(caller, input.id, input.version);
    if (dashboard === null) return null;
    const { document } = dashboard;
    const filter = input.filter ?? null;
    if (filter !== null) parseFilter(filter, "filter", await accessNaming(deps, caller, filter));
    const setting: Setting = {
      ...{ caller, signal, maxStaleness: input.maxStaleness },
      variables: chosenVariables(document.variables, input.variables ?? []),
      range: input.range ?? document.range,
      filter: bothFilters(document.filter, filter),
    };
    return { dashboard, widgets: await answerWidgets(deps, setting, wanted(dashboard, input.widgets)) };
  };
