import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { fieldsOfUnit } from "../domain/analysis-unit.ts";
import { fieldsOfTouches } from "../domain/attribution/question.ts";
import { approximationOf, samplingOf, type Part } from "../domain/asked-part.ts";
import { behaviourSource } from "../domain/behaviour-source.ts";
import { fieldsOfMatcher } from "../domain/event-matcher.ts";
import type { Field } from "../domain/field.ts";
import { fieldsOf as conditionFields } from "../domain/filter.ts";
import { funnelTask, type FunnelParts } from "../domain/funnel/count-funnel.ts";
import type { FunnelAnswer } from "../domain/funnel/funnel-answer.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { readRange, type Funnel } from "../domain/funnel/funnel.ts";
import { funnelMarks } from "../domain/funnel/funnel-marks.ts";
import { eventBits, type EventBits } from "../domain/funnel/packed-events.ts";
import { PART_ERROR } from "../domain/funnel/counted-numbers.ts";
import { parseFunnel } from "../domain/funnel/parse-funnel.ts";
import { sampledUnits, sliceSize, slicesOf, type UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { Approximation } from "../domain/planner.ts";
import { provenanceOf, type Cost, type Provenance } from "../domain/provenance.ts";
import type { FunnelPlace, FunnelStore } from "../store/funnel-store.ts";
import { readPart } from "./asked-part.ts";
import { withCount, type Counted, type Counting } from "./counting.ts";
import { askedEffort, refuseBeyond, type Effort, type TooMany } from "./effort.ts";
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
  ...(funnel.entries?.fields ?? []),
  ...(funnel.attribution === null ? [] : fieldsOfTouches(funnel.attribution)),
];

const tooManyOf = ({ unit, attribution, sample }: Funnel): TooMany => {
  const drawn = unit.kind === "PERSON" && attribution === null;
  const narrower = "take a shorter range or narrower steps";
  return { what: "The funnel would look at", narrower, fast: drawn && sample === 1, sample: drawn ? sample : null };
};

interface Reading {
  readonly store: FunnelStore;
  readonly caller: Caller;
  readonly funnel: Funnel;
  readonly place: FunnelPlace;
  readonly signal: AbortSignal | undefined;
  readonly effort: Effort;
}

/** Events one slice is meant to hold: some megabytes, some tens of milliseconds of a thread. Packed ones are 8 bytes each, and looked at sooner. */
const SLICE_EVENTS = { packed: 400_000, inColumns: 200_000 } as const;

/** Hands the units of each slice to be counted while the store reads the next ones; slices that lists can't hold are read again in columns. */
const readUnits = async (
  { store, caller, funnel, place, signal, effort }: Reading,
  events: number,
  count: Counted<"FUNNEL">,
): Promise<readonly Cost[]> => {
  const bits = place.packed;
  const inColumns = (slice: UnitSlice) => effort.ask(() => store.units(caller, funnel, place, slice, signal));
  const inLists = (slice: UnitSlice, as: EventBits) =>
    effort.ask(() => store.lists(caller, funnel, place, { ...slice, bits: as }, signal));
  const usual = bits === null ? SLICE_EVENTS.inColumns : SLICE_EVENTS.packed;
  const size = effort.sliceEvents ?? sliceSize(funnel.unit.kind, events, usual);
  const slices = slicesOf(sampledUnits(funnel), events, size);
  const again: Cost[] = [];
  const costs = await readSlices(
    slices,
    (slice) => (bits === null ? inColumns(slice) : inLists(slice, bits)),
    async ({ bytes }, slice) => {
      if (await count.add({ form: bits === null ? "COLUMNS" : "LISTS", bytes })) return;
      const wider = await inColumns(slice);
      again.push(wider.statistics);
      await count.add({ form: "COLUMNS", bytes: wider.bytes });
    },
    effort.begin(events, slices.length, tooManyOf(funnel)),
  );
  return [...costs, ...again];
};

/** Of more times of a step than are kept one by one. */
const COUNTED_TIMES: Approximation = {
  column: "quantilesSeconds",
  method: "times counted by how great they are",
  relativeError: PART_ERROR,
};

const placeOf = (funnel: Funnel, table: FunnelPlace["table"], candidates: readonly string[]): FunnelPlace => {
  const [marks, read] = [funnelMarks(funnel), readRange(funnel)];
  return { table, candidates, marks, read, packed: eventBits(funnel, marks, read) };
};

/**
 * How many events there are to look at, and what telling it cost: at most so many where the rollup tells it and that is little enough, else exactly. Only what
 * would be refused, and what a policy hides rows from, is worth a pass over the events.
 */
const sizeOf = async ({ store, caller, funnel, place, signal, effort }: Reading, { exactRows, fraction }: Part) => {
  // A part that was chosen by how much there is to read is small enough.
  if (exactRows !== null) return { events: exactRows * fraction, costs: [] };
  const slice = sampledUnits(funnel);
  const bound = caller.dataPolicy === null ? await store.bound(caller, funnel, place, signal) : null;
  const most = bound === null ? Number.POSITIVE_INFINITY : (bound.rows[0] ?? 0) * funnel.sample;
  if (bound !== null && most <= effort.maxEvents) return { events: most, costs: [bound.statistics] };
  const size = await effort.ask(() => store.size(caller, funnel, place, slice, signal));
  return {
    events: size.rows[0] ?? 0,
    costs: [...(bound === null ? [] : [bound.statistics]), size.statistics],
  };
};

/** The event that the units behind a number did, or did not do: the one candidate there is. */
const namedBehind = ({ behind }: Funnel): readonly string[] => {
  const finding = behind?.cell.finding ?? null;
  return finding?.kind === "EVENT" ? [finding.event] : [];
};

/** What answering a funnel needs. */
export interface FunnelDeps {
  readonly funnels: FunnelStore;
  readonly counting: Counting;
  readonly nowMs: NowMs;
  /** How much may be looked at; what is when somebody waits for the answer unless it says another. */
  readonly effort?: Effort;
}

/** An answer to `funnel`, and what was asked of its entries besides. */
export type CountedEntries = FunnelAnswer & Pick<FunnelParts, "entries">;

/** What counting a funnel comes to. */
export interface CountedFunnel {
  /** The funnel with the part of the persons that was looked at. */
  readonly funnel: Funnel;
  readonly place: FunnelPlace;
  readonly parts: FunnelParts;
  readonly provenance: Provenance;
}

/** Counts a funnel: sees how much there is to look at, reads each unit's events from the store slice by slice, and counts. */
export const countFunnel =
  (deps: FunnelDeps) =>
  async (caller: Caller, asked: Funnel, signal?: AbortSignal): Promise<CountedFunnel> => {
    const { table, rejected } = behaviourSource(fieldsOf(asked), caller.dataPolicy);
    const asOfMs = deps.nowMs();
    const part = await readPart(asked.asked, () =>
      deps.funnels.estimate(caller, asked, placeOf(asked, table, []), signal),
    );
    const funnel = { ...asked, sample: part.fraction };
    const slice = sampledUnits(funnel);
    const tried =
      (funnel.correlation?.events ?? 0) === 0
        ? null
        : await deps.funnels.candidates(caller, funnel, placeOf(funnel, table, []), slice, signal);
    const place = placeOf(funnel, table, tried?.rows ?? namedBehind(funnel));
    const effort = deps.effort ?? askedEffort(deps.nowMs);
    const reading = { store: deps.funnels, caller, funnel, place, signal, effort };
    const size = await sizeOf(reading, part);
    refuseBeyond(effort, size.events, tooManyOf(funnel));
    const task = { kind: "FUNNEL", ...funnelTask(funnel, place.marks, place.candidates, asOfMs) } as const;
    const about = { tenantId: caller.tenantId, events: size.events, signal };
    const { parts, costs } = await withCount(deps.counting, task, about, (count) =>
      readUnits(reading, size.events, count),
    );
    const facts = {
      parts: [{ table, ...readRange(funnel) }],
      rejected,
      approximations: [
        ...approximationOf(part, "entered", parts.enteredInSample),
        ...(parts.timesCounted ? [COUNTED_TIMES] : []),
      ],
    };
    const allCosts = [...(tried === null ? [] : [tried.statistics]), ...size.costs, ...costs];
    return {
      ...{ funnel, place, parts },
      provenance: provenanceOf(
        ...([facts, allCosts, asOfMs, funnel.timeZone, caller.dataPolicy] as const),
        samplingOf(part, parts.enteredInSample),
      ),
    };
  };

/** Answers `funnel`. */
export const queryFunnel =
  (deps: FunnelDeps) =>
  async (caller: Caller, input: FunnelInput, signal?: AbortSignal): Promise<CountedEntries> => {
    const { parts, provenance } = await countFunnel(deps)(caller, parseFunnel(input, accessOf(caller)), signal);
    const { enteredInSample: _entered, behind: _behind, timesCounted: _counted, ...told } = parts;
    return { ...told, provenance };
  };
