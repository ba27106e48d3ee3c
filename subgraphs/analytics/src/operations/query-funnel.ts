import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { fieldsOfUnit } from "../domain/analysis-unit.ts";
import { fieldsOfTouches } from "../domain/attribution/question.ts";
import { behaviourSource } from "../domain/behaviour-source.ts";
import { fieldsOfMatcher } from "../domain/event-matcher.ts";
import type { Field } from "../domain/fields.ts";
import { fieldsOf as conditionFields } from "../domain/filter.ts";
import type { FunnelAnswer } from "../domain/funnel/funnel-answer.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { FUNNEL_LIMITS, readRange, type Funnel } from "../domain/funnel/funnel.ts";
import { funnelMarks } from "../domain/funnel/funnel-marks.ts";
import { eachPackedUnit, eventBits } from "../domain/funnel/packed-events.ts";
import { layOutCorrelation, layOutDropOffs, layOutGroups, layOutTrend } from "../domain/funnel/lay-out-parts.ts";
import { layOutCredits } from "../domain/funnel/lay-out-credits.ts";
import { layOutResult } from "../domain/funnel/lay-out-result.ts";
import { parseFunnel } from "../domain/funnel/parse-funnel.ts";
import { createTally, type Tally } from "../domain/funnel/tally.ts";
import { eachUnit } from "../domain/funnel/unit-columns.ts";
import { sampledUnits, slicesOf, type UnitSlice } from "../domain/funnel/unit-slice.ts";
import { provenanceOf, type Cost } from "../domain/provenance.ts";
import type { FunnelPlace, FunnelStore } from "../store/funnel-store.ts";
import { readSlices } from "./read-slices.ts";

const fieldsOfBreakdown = (breakdown: Funnel["breakdown"]): readonly Field[] => {
  if (breakdown === null) return [];
  return breakdown.kind === "FIELD"
    ? [breakdown.field]
    : breakdown.members.flatMap(({ condition }) => conditionFields(condition));
};

const fieldsOf = (funnel: Funnel): readonly Field[] => [
  ...funnel.steps.flatMap(({ anyOf }) => anyOf.flatMap(fieldsOfMatcher)),
  ...funnel.exclusions.flatMap(({ matcher }) => fieldsOfMatcher(matcher)),
  ...fieldsOfUnit(funnel.unit),
  ...fieldsOfBreakdown(funnel.breakdown),
  ...(funnel.correlation?.fields ?? []),
  ...(funnel.attribution === null ? [] : fieldsOfTouches(funnel.attribution)),
];

const refuseTooMany = (funnel: Funnel, events: number): void => {
  if (events <= FUNNEL_LIMITS.events) return;
  const share = Math.floor((funnel.sample * FUNNEL_LIMITS.events * 1_000) / events) / 1_000;
  const way = funnel.unit.kind === "PERSON" && share > 0 ? `, or take a \`sample\` of ${share}` : "";
  throw refuse(
    "QUERY_TOO_COSTLY",
    `The funnel would look at ${events.toLocaleString("en-US")} events, more than ${FUNNEL_LIMITS.events.toLocaleString("en-US")}: take a shorter range or narrower steps${way}.`,
    { field: "input.range", events, limit: FUNNEL_LIMITS.events },
  );
};

interface Reading {
  readonly store: FunnelStore;
  readonly caller: Caller;
  readonly funnel: Funnel;
  readonly place: FunnelPlace;
  readonly signal: AbortSignal | undefined;
}

/** Events one slice is meant to hold: some megabytes, some tens of milliseconds of a process at a time. Packed ones are 8 bytes each, and looked at sooner. */
const SLICE_EVENTS = { packed: 400_000, inColumns: 200_000 } as const;

/** Counts the units of each slice while the store reads the next ones. */
const tallyOf = async (
  { store, caller, funnel, place, signal }: Reading,
  slices: readonly UnitSlice[],
): Promise<{ readonly tally: Tally; readonly costs: readonly Cost[] }> => {
  const tally = createTally(funnel, place.candidates.length);
  const cut = { most: FUNNEL_LIMITS.unitEvents, keepAll: funnel.order === "STRICT" };
  const costs = await readSlices(
    slices,
    (slice) => store.units(caller, funnel, place, slice, signal),
    ({ events }) =>
      events.kind === "PACKED"
        ? eachPackedUnit(events.packed, cut.most, tally.add)
        : eachUnit(events.columns, cut, tally.add),
  );
  return { tally: tally.result(), costs };
};

const placeOf = (funnel: Funnel, table: FunnelPlace["table"], candidates: readonly string[]): FunnelPlace => {
  const [marks, read] = [funnelMarks(funnel), readRange(funnel)];
  return { table, candidates, marks, read, packed: eventBits(funnel, marks, read) };
};

/**
 * How many events there are to look at, and what telling it cost: at most so many where the rollup tells it and that is little enough, else exactly. Only what
 * would be refused, and what a policy hides rows from, is worth a pass over the events.
 */
const sizeOf = async ({ store, caller, funnel, place, signal }: Reading, slice: UnitSlice) => {
  const bound = caller.dataPolicy === null ? await store.bound(caller, funnel, place, signal) : null;
  const most = bound === null ? Number.POSITIVE_INFINITY : (bound.rows[0] ?? 0) * funnel.sample;
  if (bound !== null && most <= FUNNEL_LIMITS.events) return { events: most, costs: [bound.statistics] };
  const size = await store.size(caller, funnel, place, slice, signal);
  return {
    events: size.rows[0] ?? 0,
    costs: [...(bound === null ? [] : [bound.statistics]), size.statistics],
  };
};

/** The standard error that a sample of n units gives a count of them all, as a part of it: the units left out are drawn at random. */
const sampleApproximation = (funnel: Funnel, tally: Tally) => {
  if (funnel.sample === 1) return [];
  const entered = tally.all.reached[0] ?? 0;
  return [
    {
      column: "entered",
      method: `sample of ${funnel.sample * 100} % of the persons`,
      relativeError: entered === 0 ? 1 : Math.sqrt((1 - funnel.sample) / entered),
    },
  ];
};

/** Answers `funnel`: validates, sees how much there is to look at, reads each unit's events from the store slice by slice, and counts. */
export const queryFunnel =
  (deps: { funnels: FunnelStore; nowMs: NowMs }) =>
  async (caller: Caller, input: FunnelInput, signal?: AbortSignal): Promise<FunnelAnswer> => {
    const funnel = parseFunnel(input, accessOf(caller));
    const { table, rejected } = behaviourSource(fieldsOf(funnel), caller.dataPolicy);
    const asOfMs = deps.nowMs();
    const tried =
      (funnel.correlation?.events ?? 0) === 0
        ? null
        : await deps.funnels.candidates(caller, funnel, placeOf(funnel, table, []), signal);
    const place = placeOf(funnel, table, tried?.rows ?? []);
    const slice = sampledUnits(funnel);
    const reading = { store: deps.funnels, caller, funnel, place, signal };
    const size = await sizeOf(reading, slice);
    refuseTooMany(funnel, size.events);
    const sliceEvents = place.packed === null ? SLICE_EVENTS.inColumns : SLICE_EVENTS.packed;
    const { tally, costs } = await tallyOf(reading, slicesOf(slice, size.events, sliceEvents));
    const facts = {
      parts: [{ table, ...readRange(funnel) }],
      rejected,
      approximations: sampleApproximation(funnel, tally),
    };
    const allCosts = [...(tried === null ? [] : [tried.statistics]), ...size.costs, ...costs];
    return {
      result: layOutResult(funnel, tally.all),
      ...layOutGroups(funnel, tally),
      trend: layOutTrend(funnel, tally, asOfMs),
      dropOffs: layOutDropOffs(funnel, tally),
      correlation: layOutCorrelation(funnel, place.candidates, tally),
      attribution: layOutCredits(funnel, tally),
      cutUnits: tally.cutUnits,
      provenance: provenanceOf(facts, allCosts, asOfMs, funnel.timeZone, caller.dataPolicy),
    };
  };
