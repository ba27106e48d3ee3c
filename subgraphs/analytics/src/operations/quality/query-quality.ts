import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { toldRange } from "../../domain/asked-range.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import { provenanceOf, type Cost, type Provenance } from "../../domain/provenance.ts";
import {
  layOutBins,
  MISSING_BIN,
  samplesOf,
  type CountsByBin,
  type DriftBin,
  type DriftCuts,
} from "../../domain/quality/drift-bins.ts";
import { driftMeasures, type BinShares } from "../../domain/quality/drift-measures.ts";
import {
  DRIFT_LIMITS,
  parseDrift,
  type DriftInput,
  type DriftKind,
  type DriftQuestion,
} from "../../domain/quality/drift.ts";
import {
  allMet,
  parseEventQuality,
  type EventQualityInput,
  type ExpectationResult,
} from "../../domain/quality/event-quality.ts";
import { namesOfQuality } from "../../domain/quality/event-names-read.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import type { QualityStore } from "../../store/quality/quality-store.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";
import { NARROWER, readQuality } from "./read-quality.ts";

/** What questions about the quality and the drift of values need. */
export interface QualityDeps {
  readonly quality: QualityStore;
  readonly nowMs: NowMs;
}

/** An answer to `eventQuality`, as in the SDL. */
export interface EventQualityAnswer {
  readonly events: number;
  readonly met: boolean | null;
  readonly expectations: readonly ExpectationResult[];
  readonly provenance: Provenance;
}

/** A bin of an answer to `drift`, as in the SDL. */
export type ToldDriftBin = Pick<DriftBin, "label" | "over" | "upTo" | "value"> & {
  readonly referenceCount: number;
  readonly count: number;
} & { readonly [Share in keyof BinShares]: number | null };

/** An answer to `drift`, as in the SDL. */
export interface DriftAnswer {
  readonly kind: DriftKind;
  readonly reference: { readonly from: string; readonly to: string };
  readonly samples: number;
  readonly referenceSamples: number;
  readonly missing: number;
  readonly referenceMissing: number;
  readonly enough: boolean;
  readonly psi: number | null;
  readonly p: number | null;
  readonly jensenShannon: number | null;
  readonly bins: readonly ToldDriftBin[];
  readonly provenance: Provenance;
}

/** Answers `eventQuality`: how far events are what is expected of them. */
export const queryEventQuality =
  ({ quality, nowMs }: QualityDeps) =>
  async (caller: Caller, input: EventQualityInput, signal?: AbortSignal): Promise<EventQualityAnswer> => {
    const asOfMs = nowMs();
    const question = parseEventQuality(input, accessOf(caller));
    const { events, expectations, facts, costs } = await readQuality(quality, caller, question, signal);
    return {
      ...{ events, met: allMet(expectations), expectations },
      provenance: {
        ...provenanceOf(facts, costs, asOfMs, question.timeZone, caller.dataPolicy),
        eventNames: namesOfQuality(input) ?? undefined,
      },
    };
  };

/** Where the values of a question are read, for whom, and what reading them has cost so far. */
interface Reading {
  readonly quality: QualityStore;
  readonly caller: Caller;
  readonly question: DriftQuestion;
  readonly table: ReturnType<typeof behaviourSource>["table"];
  readonly costs: Cost[];
  readonly signal: AbortSignal | undefined;
}

const cutsOf = async ({ quality, caller, question, table, costs, signal }: Reading): Promise<DriftCuts> => {
  const place = { table, reach: question.reference };
  if (question.kind === "CATEGORICAL") {
    const { rows: values, statistics } = await quality.categoricalReference(caller, question, place, signal);
    costs.push(statistics);
    return { kind: "TEXTS", values };
  }
  const { rows, statistics } = await quality.numericReference(caller, question, place, signal);
  costs.push(statistics);
  const { few = [], cuts = [] } = rows[0] ?? {};
  return cuts.length > 0 ? { kind: "BETWEEN", cuts } : { kind: "NUMBERS", values: few };
};

const countsIn = async (
  { quality, caller, question, table, costs, signal }: Reading,
  cuts: DriftCuts,
  reach: TimeRange,
): Promise<CountsByBin> => {
  const { rows, statistics } = await quality.driftCounts(caller, question, cuts, { table, reach }, signal);
  costs.push(statistics);
  return new Map(rows);
};

const toldBins = (bins: readonly DriftBin[], shares: readonly BinShares[] | null): readonly ToldDriftBin[] =>
  bins.map(({ reference, now, ...bin }, place) => ({
    ...{ ...bin, referenceCount: reference, count: now },
    ...(shares?.[place] ?? { referenceShare: null, share: null, contribution: null }),
  }));

/** What was read of a question to `drift`. */
export interface ReadDrift {
  readonly cuts: DriftCuts;
  /** Bins of the reference and of the range. */
  readonly before: CountsByBin;
  readonly now: CountsByBin;
  readonly samples: number;
  readonly referenceSamples: number;
  /** Whether there are enough values of both to compare them. */
  readonly enough: boolean;
  readonly bins: readonly DriftBin[];
  readonly costs: readonly Cost[];
}

const readingOf = (
  quality: QualityStore,
  caller: Caller,
  question: DriftQuestion,
  signal: AbortSignal | undefined,
): Reading => {
  const { field, event } = question;
  const { table } = behaviourSource([field, ...fieldsOfMatcher(event)], caller.dataPolicy);
  return { quality, caller, question, table, costs: [], signal };
};

const refuseTooMany = async (
  { quality, caller, question, table, costs, signal }: Reading,
  reach: TimeRange,
): Promise<void> => {
  const { rows, statistics } = await quality.size(caller, question.event, { table, reach }, signal);
  costs.push(statistics);
  refuseTooManyEvents(rows[0] ?? 0, DRIFT_LIMITS.events, NARROWER);
};

/** Refuses with QUERY_TOO_COSTLY a side of a question to `drift` that has more events than it may look at. */
export const refuseTooManyValues = (
  quality: QualityStore,
  caller: Caller,
  question: DriftQuestion,
  reach: TimeRange,
  signal?: AbortSignal,
): Promise<void> => refuseTooMany(readingOf(quality, caller, question, signal), reach);

/** How the values of a question to `drift` are put into bins, as its reference says; refuses too many events. */
export const readDriftCuts = async (
  quality: QualityStore,
  caller: Caller,
  question: DriftQuestion,
  signal?: AbortSignal,
): Promise<DriftCuts> => {
  const reading = readingOf(quality, caller, question, signal);
  await refuseTooMany(reading, question.reference);
  return cutsOf(reading);
};

/** Puts the values of a question's range and of its reference into bins; refuses too many events. */
export const readDrift = async (
  quality: QualityStore,
  caller: Caller,
  question: DriftQuestion,
  signal?: AbortSignal,
): Promise<ReadDrift> => {
  const { range, reference, minSamples } = question;
  const reading = readingOf(quality, caller, question, signal);
  for (const reach of [range, reference]) await refuseTooMany(reading, reach);
  const cuts = await cutsOf(reading);
  const [before, now] = [await countsIn(reading, cuts, reference), await countsIn(reading, cuts, range)];
  const [referenceSamples, samples] = [samplesOf(before), samplesOf(now)];
  return {
    ...{ cuts, before, now, samples, referenceSamples, costs: reading.costs },
    ...{ enough: Math.min(referenceSamples, samples) >= minSamples, bins: layOutBins(cuts, before, now) },
  };
};

/** The bins of a question to `drift` as they are told, with what each adds where there are enough values. */
export const toldDriftBins = ({ bins, enough }: Pick<ReadDrift, "bins" | "enough">): readonly ToldDriftBin[] =>
  toldBins(bins, enough ? driftMeasures(bins).bins : null);

/** Answers `drift`: how unlike the values of a field in a range are to those in a reference. */
export const queryDrift =
  ({ quality, nowMs }: QualityDeps) =>
  async (caller: Caller, input: DriftInput, signal?: AbortSignal): Promise<DriftAnswer> => {
    const asOfMs = nowMs();
    const question = parseDrift(input, accessOf(caller));
    const { range, reference, event, field, timeZone, kind } = question;
    const { table, rejected } = behaviourSource([field, ...fieldsOfMatcher(event)], caller.dataPolicy);
    const read = await readDrift(quality, caller, question, signal);
    const { before, now, samples, referenceSamples, enough } = read;
    const measured = enough ? driftMeasures(read.bins) : null;
    const parts = [range, reference].map((part) => ({ table, ...part }));
    const told = { from: isoTime(reference.fromMs), to: isoTime(reference.toMs) };
    return {
      ...{ kind, reference: toldRange(told, timeZone), samples, referenceSamples, enough },
      ...{ missing: now.get(MISSING_BIN) ?? 0, referenceMissing: before.get(MISSING_BIN) ?? 0 },
      ...{ psi: measured?.psi ?? null, p: measured?.p ?? null, jensenShannon: measured?.jensenShannon ?? null },
      bins: toldDriftBins(read),
      provenance: provenanceOf(
        { parts, rejected, approximations: [] },
        ...([read.costs, asOfMs, timeZone, caller.dataPolicy] as const),
      ),
    };
  };
