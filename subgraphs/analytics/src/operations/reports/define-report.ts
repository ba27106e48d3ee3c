import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { standingSubject } from "@tessera/platform/auth/standing-subject";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import type { MailChannels } from "@tessera/contracts/report-mails";
import { subjectOf } from "../../domain/dashboards/sharing.ts";
import type { VariableValueInput } from "../../domain/dashboards/variable.ts";
import { printable } from "@tessera/platform/pictures/printable";
import {
  REPORT_FORMATS,
  REPORT_LIMITS,
  type ReportContentChoice,
  type ReportFormat,
} from "../../domain/reports/report.ts";
import { dueAfter, parseSchedule, type ReportScheduleInput } from "../../domain/reports/schedule.ts";
import type { DefineReportOutcome, ReportStore } from "../../store/reports/report-store-types.ts";
import { chosenVariables } from "../dashboards/dashboard-data.ts";
import { findDashboard, type FindDeps } from "../dashboards/find-dashboards.ts";
import { findSavedQuery } from "../semantic/find-definitions.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";

/** What defining reports needs. */
export interface DefineDeps extends FindDeps {
  readonly reports: ReportStore;
  readonly definitions: DefinitionStore;
  readonly mailChannels: MailChannels;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** A report as the graph delivers it. */
export interface DefineReportInput {
  readonly id?: string | null | undefined;
  readonly name: string;
  readonly dashboard?: string | null | undefined;
  readonly savedQuery?: string | null | undefined;
  readonly version?: number | null | undefined;
  readonly formats: readonly ReportFormat[];
  readonly schedule?: ReportScheduleInput | null | undefined;
  readonly timeZone?: string;
  readonly range?: TimeRangeInput | null | undefined;
  readonly variables?: readonly (VariableValueInput & { readonly name: string })[];
  readonly keepRuns?: number;
  readonly channels?: readonly string[];
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field: `input.${field}` });

/** The name of a report; refuses with BAD_INPUT. */
const parseName = (text: string): string => {
  const name = text.trim();
  if (name === "" || name.length > REPORT_LIMITS.name || printable(name) !== name || name.includes("\n"))
    throw bad("name", `A name is one line of 1 to ${REPORT_LIMITS.name} characters, without control characters.`);
  return name;
};

const checkDashboard = async (
  deps: DefineDeps,
  caller: Caller,
  id: string,
  input: DefineReportInput,
): Promise<void> => {
  const found = isUuid(id) ? await findDashboard(deps)(caller, id, input.version) : null;
  if (found === null) throw bad("dashboard", "There is no dashboard of this id and version that you may see.");
  chosenVariables(found.document.variables, input.variables ?? []);
};

const checkSavedQuery = async (
  deps: DefineDeps,
  caller: Caller,
  id: string,
  input: DefineReportInput,
): Promise<void> => {
  if ((input.variables ?? []).length > 0) throw bad("variables", "A saved query has no variables.");
  const found = isUuid(id) ? await findSavedQuery(deps)(caller, id, input.version) : null;
  if (found === null) throw bad("savedQuery", "The tenant has no saved query of this id and version.");
};

const contentOf = async (
  deps: DefineDeps,
  caller: Caller,
  input: DefineReportInput,
  timeZone: string,
): Promise<ReportContentChoice> => {
  const { dashboard = null, savedQuery = null, version = null, range = null, variables = [] } = input;
  if ((dashboard === null) === (savedQuery === null))
    throw bad("dashboard", "A report is of a dashboard or of a saved query, and of one of them.");
  if (variables.length > REPORT_LIMITS.variables) throw bad("variables", `At most ${REPORT_LIMITS.variables} values.`);
  if (range !== null) absoluteRange(range, deps.nowMs(), timeZone, "input.range");
  const [source, sourceId] =
    dashboard === null ? (["SAVED_QUERY", savedQuery ?? ""] as const) : (["DASHBOARD", dashboard] as const);
  await (source === "DASHBOARD" ? checkDashboard : checkSavedQuery)(deps, caller, sourceId, input);
  return { source, sourceId: sourceId.toLowerCase(), version, range, variables };
};

const parseFormats = (formats: readonly ReportFormat[]): readonly ReportFormat[] => {
  const asked = REPORT_FORMATS.filter((format) => formats.includes(format));
  if (asked.length === 0) throw bad("formats", `A report has at least one of ${REPORT_FORMATS.join(", ")}.`);
  return asked;
};

/** The caller, who is to own a report; refuses with FORBIDDEN those whose permissions nobody can ask for when they are not calling. */
const ownerIn = (caller: Caller): string => {
  const owner = subjectOf(caller);
  if (standingSubject(owner) === null || caller.grantId !== null)
    throw refuse(
      "FORBIDDEN",
      "A report belongs to a person, an API key or an OAuth client of the tenant: they are who it is asked for.",
    );
  return owner;
};

/** The channels that a report's files are mailed by; refuses with FORBIDDEN who may not say where the tenant's mails go, and with BAD_INPUT what is no channel of mails. */
const channelsIn = async (
  { mailChannels }: DefineDeps,
  caller: Caller,
  named: readonly string[],
): Promise<readonly string[]> => {
  const ids = [...new Set(named.map((id) => id.toLowerCase()))];
  if (ids.length === 0) return ids;
  if (!caller.permissions.has("notifications:manage"))
    throw refuse("FORBIDDEN", "Naming channels needs the permission notifications:manage.", {
      ...{ permission: "notifications:manage", field: "input.channels" },
    });
  if (ids.length > REPORT_LIMITS.channels) throw bad("channels", `At most ${REPORT_LIMITS.channels} channels.`);
  const known = ids.every(isUuid) ? await mailChannels(caller, ids) : new Set<string>();
  for (const [place, id] of ids.entries())
    if (!known.has(id)) throw bad(`channels.${place}`, "The tenant has no channel of mails (EMAIL) of this id.");
  return ids;
};

/** Makes a report, or changes one of the caller's own; refuses with BAD_INPUT at the place, and FORBIDDEN. */
export const defineReport =
  (deps: DefineDeps) =>
  async (caller: Caller, input: DefineReportInput): Promise<DefineReportOutcome> => {
    const owner = ownerIn(caller);
    const nowMs = deps.nowMs();
    const given = input.schedule ?? null;
    const schedule = given === null ? null : parseSchedule(given, nowMs, "input.schedule");
    const timeZone = schedule?.timeZone ?? "UTC";
    const keepRuns = input.keepRuns ?? REPORT_LIMITS.keptByDefault;
    if (!Number.isInteger(keepRuns) || keepRuns < 1 || keepRuns > REPORT_LIMITS.kept)
      throw bad("keepRuns", `\`keepRuns\` is between 1 and ${REPORT_LIMITS.kept}.`);
    const known = input.id ?? null;
    if (known !== null && !isUuid(known)) return { kind: "NOT_FOUND", id: known };
    const one = {
      ...{ id: known?.toLowerCase() ?? deps.newId(), known: known !== null, limit: REPORT_LIMITS.reports },
      ...{ name: parseName(input.name), formats: parseFormats(input.formats), schedule, timeZone, keepRuns, owner },
      channels: await channelsIn(deps, caller, input.channels ?? []),
      content: await contentOf(deps, caller, input, timeZone),
      ownerPermissions: [...caller.permissions].toSorted(),
      nextDueMs: schedule === null ? null : dueAfter(schedule, nowMs),
    };
    return deps.reports.define(caller.tenantId, one, (report) => report.owner === owner);
  };
