import type { Caller } from "@tessera/contracts/caller";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import type { Comment, CommentAnchor } from "../../domain/dashboards/comment.ts";
import {
  valueInGroups,
  valueInLines,
  type Grouped,
  type Lined,
  type PointValue,
} from "../../domain/dashboards/point-value.ts";
import type { Question, QuestionInput } from "../../domain/dashboards/question.ts";
import { savedQueryNamed, type SavedQueryRef } from "./check-question.ts";
import {
  askQuestion,
  bothFilters,
  chosenVariables,
  type DataDeps,
  type Setting,
  type TypedAnswer,
} from "./dashboard-data.ts";
import { findDashboard } from "./find-dashboards.ts";

/** What a point holds now: the number that the question of then says by the events of now. */
export interface ValueNow {
  readonly kind: PointValue["kind"];
  readonly value: number | null;
  /** The number that was seen, as its reader sent it. */
  readonly seen: number | null;
  /** What was added since; null where one of the two is. */
  readonly difference: number | null;
}

const ownRange = (input: QuestionInput): TimeRangeInput | null =>
  // boundary: questions were coerced to their types of the SDL when they were set.
  (input["range"] as TimeRangeInput | undefined) ?? null;
const zoneIn = (input: QuestionInput): string => {
  const zone = input["timeZone"];
  return typeof zone === "string" ? zone : "UTC";
};

/** The question by which a range and a zone are known: of a saved one, that which is saved. */
const asked = async (deps: DataDeps, caller: Caller, { kind, input }: Question): Promise<QuestionInput> => {
  if (kind !== "SAVED_QUERY") return input;
  // boundary: the question was coerced to its type of the SDL when it was set.
  const saved = await savedQueryNamed(deps, caller, input as unknown as SavedQueryRef);
  const { range, timeZone = null } = saved.content.question.input;
  return { range: input["range"] ?? range, timeZone };
};

const valueIn = (answer: TypedAnswer, anchor: CommentAnchor): PointValue => {
  const { point } = anchor;
  if (point === null) return { kind: "ABSENT" };
  // boundary: the answer's own name says which of the two it is.
  if (answer.__typename === "OlapResult") return valueInGroups(answer as unknown as Grouped, point);
  // boundary: the answer's own name says which of the two it is.
  if (answer.__typename === "TimeSeries") return valueInLines(answer as unknown as Lined, point);
  return { kind: "ABSENT" };
};

/**
 * Asks the question of a commented point again, as it stood in the version and with the choices of then, about the range that it had then: so what differs is what
 * the events say. Null when the comment is at no point. With the permissions, data policy and budget of who asks.
 */
export const valueNow =
  (deps: DataDeps) =>
  async (caller: Caller, comment: Comment, signal?: AbortSignal): Promise<ValueNow | null> => {
    const { anchor, widgetId, dashboardId } = comment;
    if (anchor === null || anchor.point === null) return null;
    const dashboard = await findDashboard(deps)(caller, dashboardId, anchor.version);
    const widget = dashboard?.document.widgets.find(({ id }) => id === widgetId);
    if (dashboard === null || widget?.content.kind !== "QUESTION") return null;
    const { question } = widget.content;
    const { document } = dashboard;
    const own = await asked(deps, caller, question);
    const range = anchor.range ?? document.range ?? ownRange(own);
    const setting: Setting = {
      ...{ caller, signal, maxStaleness: undefined, filter: bothFilters(document.filter, anchor.filter) },
      variables: chosenVariables(document.variables, anchor.variables),
      range: range === null ? null : absoluteRange(range, anchor.asOfMs, zoneIn(own), "range"),
    };
    const found = valueIn(await askQuestion(deps, setting, widget, question), anchor);
    const [value, seen] = [found.kind === "FOUND" ? found.value : null, anchor.point.value];
    return { kind: found.kind, value, seen, difference: value === null || seen === null ? null : value - seen };
  };
