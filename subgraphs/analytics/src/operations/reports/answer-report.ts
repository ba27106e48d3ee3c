import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { absoluteRange } from "../../domain/asked-range.ts";
import type { Formats } from "../../domain/reports/read-columns.ts";
import { readAnswer } from "../../domain/reports/read-answer.ts";
import type { Report, ReportRun } from "../../domain/reports/report.ts";
import type { ReportContent, Section, Shape } from "../../domain/reports/section.ts";
import { shapeOf } from "../../domain/dashboards/answer-shape.ts";
import { ANSWERS } from "../../domain/dashboards/question.ts";
import { suggestChart } from "../../domain/dashboards/suggest-chart.ts";
import type { DefinitionUse, SavedQuestion } from "../../domain/semantic/definition.ts";
import type { MetricFormat } from "../../domain/semantic/metric-format.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { formatInZone } from "../../domain/zone.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import type { DashboardData, DashboardDataInput, TypedAnswer, WidgetData } from "../dashboards/dashboard-data.ts";
import { findDashboard, type FindDeps } from "../dashboards/find-dashboards.ts";
import { findSavedQuery } from "../semantic/find-definitions.ts";

/** What answering reports needs. */
export interface AnswerReportDeps extends FindDeps {
  readonly definitions: DefinitionStore;
  readonly dashboardData: (
    caller: Caller,
    input: DashboardDataInput,
    signal?: AbortSignal,
  ) => Promise<DashboardData | null>;
  readonly runSavedQuery: (
    caller: Caller,
    input: {
      readonly id: string;
      readonly version: number;
      readonly range?: { readonly from: string; readonly to: string };
    },
    signal?: AbortSignal,
  ) => Promise<object>;
}

/** How answering goes, and what ends it. */
export interface Answering {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, parts: number) => void;
}

/** What a report tells, and of which version. */
export interface AnsweredReport {
  readonly content: ReportContent;
  readonly sourceVersion: number;
}

/** Widgets that are asked together, after which progress is told: as many as are with the store at a time. */
const TOGETHER = 4;

/** Refuses for a report whose dashboard or saved query is not there for its owner any more. */
const sourceGone = (what: string): Error =>
  refuse(
    "NOT_FOUND",
    `The report's ${what} is not there any more, or its owner may not see it: define the report anew.`,
    { field: "source" },
  );

const formatsOf = async (deps: AnswerReportDeps, caller: Caller, answer: object): Promise<Formats> => {
  // boundary: answers of the semantic layer tell what they were computed by, others do not.
  const { definitions = [] } = answer as { readonly definitions?: readonly DefinitionUse[] };
  const metrics = definitions.filter(({ kind }) => kind === "METRIC");
  if (metrics.length === 0) return new Map();
  const found = await deps.definitions.reader(caller.tenantId).find(metrics);
  return new Map(
    found.flatMap((one): [string, MetricFormat][] => (one?.kind === "METRIC" ? [[one.name, one.content.format]] : [])),
  );
};

const sectionOf = async (
  deps: AnswerReportDeps,
  caller: Caller,
  { widget, answer, error }: WidgetData,
): Promise<Section> => {
  const { title, content } = widget;
  if (content.kind === "TEXT") return { kind: "TEXT", title, text: content.text };
  if (answer === null) {
    const { code = "INTERNAL", detail = "There is no answer." } = error ?? {};
    return { kind: "ERROR", title, code, detail };
  }
  const parts = readAnswer(answer, await formatsOf(deps, caller, answer));
  return { kind: "ANSWER", title, chart: widget.chart ?? content.question.suggestion.chart, parts };
};

/** Where nothing of a report was answered, it says why in place of a file without numbers. */
const requireSome = (sections: readonly Section[]): void => {
  const errors = sections.flatMap((section) => (section.kind === "ERROR" ? [section] : []));
  const [first] = errors;
  if (first === undefined || sections.some(({ kind }) => kind === "ANSWER")) return;
  throw new ReportUnanswered(first.code, first.detail);
};

/** Nothing of a report could be answered; the first question's code and words. */
export class ReportUnanswered extends Error {
  readonly code: string;
  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

type Told = Pick<ReportContent, "dueAt" | "timeZone">;
type Range = { readonly from: string; readonly to: string } | null;

const answerDashboard = async (
  deps: AnswerReportDeps,
  owner: Caller,
  { report, told, range }: { readonly report: Report; readonly told: Told; readonly range: Range },
  { signal, onProgress }: Answering,
): Promise<AnsweredReport> => {
  const { sourceId, version, variables } = report.content;
  const found = await findDashboard(deps)(owner, sourceId, version);
  if (found === null) throw sourceGone("dashboard");
  const { document } = found;
  const ids = document.widgets.map(({ id }) => id);
  const sections: Section[] = [];
  for (let from = 0; from < ids.length; from += TOGETHER) {
    onProgress(from, ids.length);
    // In the version that was found: what is edited meanwhile is for the next run.
    const input = { id: sourceId, version: found.version, variables, widgets: ids.slice(from, from + TOGETHER), range };
    const data = await deps.dashboardData(owner, input, signal);
    if (data === null) throw sourceGone("dashboard");
    signal.throwIfAborted();
    for (const one of data.widgets) sections.push(await sectionOf(deps, owner, one));
  }
  requireSome(sections);
  const source = `Dashboard “${document.title}”, version ${found.version}`;
  return {
    sourceVersion: found.version,
    content: { ...told, title: report.name, description: document.description, source, sections },
  };
};

/** The chart of a saved query, which chooses none itself. */
const chartOf = (question: SavedQuestion, shape: Shape): string => {
  if (question.kind !== "OLAP" && question.kind !== "TIME_SERIES") return suggestChart(shapeOf(question)).chart;
  if (shape.kind === "SERIES") return shape.timed ? "LINE" : "BAR";
  return shape.kind === "MATRIX" ? "HEATMAP" : "NUMBER";
};

const answerSavedQuery = async (
  deps: AnswerReportDeps,
  owner: Caller,
  { report, told, range }: { readonly report: Report; readonly told: Told; readonly range: Range },
  { signal, onProgress }: Answering,
): Promise<AnsweredReport> => {
  const { sourceId, version } = report.content;
  const found = await findSavedQuery(deps)(owner, sourceId, version);
  if (found === null) throw sourceGone("saved query");
  onProgress(0, 1);
  const input = { id: sourceId, version: found.version, ...(range === null ? {} : { range }) };
  const answer = await deps.runSavedQuery(owner, input, signal);
  const { title, description, question } = found.content;
  const typed: TypedAnswer = { ...answer, __typename: ANSWERS[question.kind] };
  const parts = readAnswer(typed, await formatsOf(deps, owner, answer));
  const source = `Saved query “${title}”, version ${found.version}`;
  const chart = chartOf(question, parts.shape);
  const sections = [{ kind: "ANSWER", title, chart, parts } as const];
  return { sourceVersion: found.version, content: { ...told, title: report.name, description, source, sections } };
};

/** Asks every question of a report as its owner; its own range is that of the moment it was due. Refuses with NOT_FOUND when its source is gone. */
export const answerReport =
  (deps: AnswerReportDeps) =>
  async (owner: Caller, report: Report, run: ReportRun, answering: Answering): Promise<AnsweredReport> => {
    const { timeZone, content } = report;
    const range = content.range === null ? null : absoluteRange(content.range, run.dueMs, timeZone, "range");
    const asked = { report, range, told: { dueAt: formatInZone(run.dueMs, zoneOffset(timeZone)), timeZone } };
    return (content.source === "DASHBOARD" ? answerDashboard : answerSavedQuery)(deps, owner, asked, answering);
  };
