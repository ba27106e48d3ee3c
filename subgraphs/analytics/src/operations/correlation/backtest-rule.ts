import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import type { AbsoluteRange } from "../../domain/asked-range.ts";
import { bucketsOf, type Granularity } from "../../domain/calendar.ts";
import {
  BACKTEST_PAGE,
  matchesOverTime,
  MAX_BACKTEST_EVENTS,
  MAX_BACKTEST_MATCHES,
  onlyIn,
  replay,
  topKeys,
  type Replay,
} from "../../domain/correlation/backtest.ts";
import { compilePattern } from "../../domain/correlation/conditions.ts";
import type { CorrelationCounts } from "../../domain/correlation/correlator.ts";
import type { CorrelationMatch } from "../../domain/correlation/match.ts";
import { parsePattern } from "../../domain/correlation/parse-pattern.ts";
import { STATE_LIMITS, type CorrelationPattern, type CorrelationPatternInput } from "../../domain/correlation/rule.ts";
import { keptVersions } from "../../domain/semantic/kept-meanings.ts";
import { eventsOnly, provenanceOf, type Cost, type Provenance } from "../../domain/provenance.ts";
import { parseCount } from "../../domain/query.ts";
import { parseTimeRange, type TimeRange } from "../../domain/time-range.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { formatInZone } from "../../domain/zone.ts";
import type { CorrelationRuleStore } from "../../store/correlation/rule-store-types.ts";
import type { SeenStore } from "../../store/correlation/seen-store.ts";
import { resolveDimensions, type DimensionDeps } from "../semantic/own-dimensions.ts";
import type { NotesUses } from "../telling-uses.ts";
import { keyFieldsOf, type MatchView } from "./match-view.ts";

/** Which rule to try on which stored events. */
export interface BacktestInput {
  readonly rule?: string | null | undefined;
  readonly version?: number | null | undefined;
  readonly pattern?: CorrelationPatternInput | null | undefined;
  readonly compareWith?: number | null | undefined;
  readonly range: AbsoluteRange;
  readonly late?: "LEAVE_OUT" | "TAKE_IN";
  readonly granularity?: Granularity;
  readonly timeZone?: string | null | undefined;
  readonly first?: number;
  readonly keys?: number;
}

/** What a pattern finds in the events of a range. */
export interface BacktestRun {
  readonly version: number | null;
  readonly total: number;
  readonly matches: readonly MatchView[];
  readonly counts: CorrelationCounts;
}

/** A backtest, answered. */
export interface BacktestAnswer extends BacktestRun {
  readonly overTime: readonly { readonly start: string; readonly matches: number }[];
  readonly topKeys: readonly { readonly matches: number; readonly match: MatchView }[];
  readonly comparison: {
    readonly version: number;
    readonly total: number;
    readonly both: number;
    readonly onlyHereTotal: number;
    readonly onlyThereTotal: number;
    readonly onlyHere: readonly MatchView[];
    readonly onlyThere: readonly MatchView[];
  } | null;
  readonly provenance: Provenance;
}

/** What a backtest needs. */
export interface BacktestDeps extends NotesUses {
  readonly correlationRules: Pick<CorrelationRuleStore, "byId">;
  readonly definitions: DimensionDeps["definitions"];
  readonly seen: Pick<SeenStore, "sizes" | "inRange">;
  readonly idOf: (text: string) => string;
  readonly nowMs: NowMs;
}

interface Subject {
  readonly ruleId: string;
  readonly version: number | null;
  readonly input: CorrelationPatternInput;
  readonly pattern: CorrelationPattern;
}

const DRAFT = "draft";
const DEFAULTS = { first: 100, keys: 10, granularity: "DAY", late: "LEAVE_OUT", timeZone: "UTC" } as const;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const versionOf = async (
  { correlationRules, noteUses }: BacktestDeps,
  caller: Caller,
  id: string,
  version: number | null,
  where: string,
): Promise<Subject> => {
  const rule = isUuid(id) ? await correlationRules.byId(caller.tenantId, id.toLowerCase(), version) : null;
  if (rule === null)
    throw refuse("NOT_FOUND", "The tenant has no correlation rule of this id and version.", { field: where });
  const input = rule.content.pattern;
  noteUses?.({
    definitions: [{ kind: "CORRELATION_RULE", name: rule.name, version: rule.version }, ...keptVersions(input)],
  });
  return { ruleId: rule.id, version: rule.version, input, pattern: parsePattern(input, where, accessOf(caller)) };
};

/** A pattern that is no version of a rule, by what the dimensions mean now that it names. */
const draftOf = async (deps: BacktestDeps, caller: Caller, asked: CorrelationPatternInput): Promise<Subject> => {
  const input = await resolveDimensions(deps, caller, asked);
  return { ruleId: DRAFT, version: null, input, pattern: parsePattern(input, "input.pattern", accessOf(caller)) };
};

/** The pattern that is tried, and the version it is compared with. */
export const subjectsOf = async (
  deps: BacktestDeps,
  caller: Caller,
  input: Pick<BacktestInput, "rule" | "version" | "pattern" | "compareWith">,
): Promise<{ readonly here: Subject; readonly there: Subject | null }> => {
  const { rule = null, version = null, pattern = null, compareWith = null } = input;
  if (rule === null && pattern === null) throw bad("input", "A backtest takes a `rule`, a `pattern`, or both.");
  if (rule === null && compareWith !== null)
    throw bad("input.compareWith", "`compareWith` names a version of the `rule`, which is missing.");
  if (pattern !== null && version !== null)
    throw bad("input.version", "A backtest takes a `version` of the rule or a `pattern`, not both.");
  const here: Subject =
    pattern === null
      ? await versionOf(deps, caller, rule ?? "", version, "input.rule")
      : await draftOf(deps, caller, pattern);
  const there =
    compareWith === null ? null : await versionOf(deps, caller, rule ?? "", compareWith, "input.compareWith");
  return { here, there };
};

/** Rows that one read may bring: well below what the store answers at most. */
const ROWS_AT_ONCE = 50_000;
/** Pieces of the range whose events are counted apart, so that reads can be cut. */
const PIECES = 1_000;

const tooCostly = (what: string, found: number, limit: number): Error =>
  refuse(
    "QUERY_TOO_COSTLY",
    `The backtest would ${what} ${found.toLocaleString("en-US")}, more than ${limit.toLocaleString("en-US")}: take a shorter range or narrower parts, or let a job do it (\`startBacktest\`).`,
    { field: "input.range", found, limit },
  );

/** Ends of the pieces to read, one after the other, each of few enough events for one read. */
const cutsOf = (
  sizes: readonly { readonly piece: number; readonly events: number }[],
  pieceMs: number,
  range: TimeRange,
) => {
  const cuts: number[] = [];
  let rows = 0;
  for (const { piece, events } of sizes) {
    if (rows > 0 && rows + events > ROWS_AT_ONCE) {
      cuts.push(range.fromMs + piece * pieceMs);
      rows = 0;
    }
    rows += events;
  }
  return [...cuts, range.toMs];
};

interface Tried {
  readonly run: Replay;
  readonly costs: readonly Cost[];
}

const tryOut = async (
  { seen, idOf }: BacktestDeps,
  caller: Caller,
  subject: Subject,
  {
    range,
    dropLate,
    signal,
  }: { readonly range: TimeRange; readonly dropLate: boolean; readonly signal: AbortSignal | undefined },
): Promise<Tried> => {
  const { ruleId, version, pattern } = subject;
  const pieceMs = Math.ceil((range.toMs - range.fromMs) / PIECES);
  const sizes = await seen.sizes(caller, pattern, { ...range, pieceMs }, signal);
  const events = sizes.rows.reduce((sum, one) => sum + one.events, 0);
  if (events > MAX_BACKTEST_EVENTS) throw tooCostly("look at events:", events, MAX_BACKTEST_EVENTS);
  const run = replay(
    { ...{ ruleId, version: version ?? 0, idOf, dropLate, limits: STATE_LIMITS }, compiled: compilePattern(pattern) },
    range.fromMs,
  );
  const costs: Cost[] = [sizes.statistics];
  let fromMs = range.fromMs;
  for (const toMs of events === 0 ? [] : cutsOf(sizes.rows, pieceMs, range)) {
    const answer = await seen.inRange(caller, pattern, { fromMs, toMs }, signal);
    costs.push(answer.statistics);
    run.take(answer.rows, toMs);
    if (run.matches.length > MAX_BACKTEST_MATCHES)
      throw tooCostly("find matches:", run.matches.length, MAX_BACKTEST_MATCHES);
    fromMs = toMs;
  }
  return { run, costs };
};

/** Tries a rule, or a pattern that is none yet, on stored events: by the same matcher that runs live, with the caller's own permissions and policies. */
export const backtestCorrelationRule =
  (deps: BacktestDeps) =>
  async (caller: Caller, input: BacktestInput, signal?: AbortSignal): Promise<BacktestAnswer> => {
    const first = parseCount(input.first ?? DEFAULTS.first, "input.first", BACKTEST_PAGE.matches);
    const keys = parseCount(input.keys ?? DEFAULTS.keys, "input.keys", BACKTEST_PAGE.keys);
    const range = parseTimeRange(input.range, "input.range");
    const timeZone = input.timeZone ?? DEFAULTS.timeZone;
    const offsetAt = zoneOffset(timeZone);
    const buckets = bucketsOf(input.granularity ?? DEFAULTS.granularity, range, offsetAt);
    const { here, there } = await subjectsOf(deps, caller, input);
    const asOfMs = deps.nowMs();
    const how = { range, dropLate: (input.late ?? DEFAULTS.late) === "LEAVE_OUT", signal };
    const tried = await tryOut(deps, caller, here, how);
    const other = there === null ? null : await tryOut(deps, caller, there, how);
    const viewOf =
      ({ version, input: pattern }: Subject) =>
      ({ key: _key, ...match }: CorrelationMatch): MatchView => ({
        ...match,
        ...{ version, toldAtMs: null, keyFields: keyFieldsOf(pattern, match.events) },
      });
    const { matches } = tried.run;
    const counts = matchesOverTime(matches, buckets);
    const [onlyHere, onlyThere] = [
      onlyIn(matches, other?.run.matches ?? []),
      onlyIn(other?.run.matches ?? [], matches),
    ];
    const told = (of: Subject, some: readonly CorrelationMatch[]) => some.slice(0, first).map(viewOf(of));
    return {
      ...{ version: here.version, total: matches.length, matches: told(here, matches), counts: tried.run.counts() },
      overTime: buckets.startsMs.map((ms, index) => ({
        start: formatInZone(ms, offsetAt),
        matches: counts[index] ?? 0,
      })),
      topKeys: topKeys(matches, keys).map((one) => ({ matches: one.matches, match: viewOf(here)(one.match) })),
      comparison:
        other === null || there?.version === null || there === null
          ? null
          : {
              ...{ version: there.version, total: other.run.matches.length, both: matches.length - onlyHere.length },
              ...{ onlyHereTotal: onlyHere.length, onlyThereTotal: onlyThere.length },
              ...{ onlyHere: told(here, onlyHere), onlyThere: told(there, onlyThere) },
            },
      provenance: provenanceOf(
        eventsOnly(range),
        [...tried.costs, ...(other?.costs ?? [])],
        asOfMs,
        timeZone,
        caller.dataPolicy,
      ),
    };
  };
