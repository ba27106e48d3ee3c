import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import type { ChangeMeasure } from "../../domain/change/change-measure.ts";
import { expectationMeasure } from "../../domain/change/expectation-measure.ts";
import type { ExpectationNumber } from "../../domain/change/reading.ts";
import { heldBy, heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import { parseField } from "../../domain/fields.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { MAX_QUALITY_EVENTS, parseEventQuality, type EventQualityInput } from "../../domain/quality/event-quality.ts";
import { fieldsOfExpectation, type Expectation, type ExpectationTest } from "../../domain/quality/expectation.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { resolveNames } from "../in-cohort.ts";
import { findKept, type FindKeptDeps } from "../quality/find-kept.ts";
import { queryEventQuality, type QualityDeps } from "../quality/query-quality.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";
import {
  matched,
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { findThreshold } from "./threshold.ts";
import { unitChange, type CountedUnits, type UnitChangeDeps } from "./unit-change.ts";

/** What explaining what expectations found needs. */
export type QualityChangeDeps = BehaviourChangeDeps & UnitChangeDeps & FindKeptDeps & Pick<QualityDeps, "quality">;

/** An expectation that tests each event by itself, as a number of a question with rows of numbers. */
export interface ExpectedEvents {
  readonly kind: "EXPECTED";
  readonly name: string;
  readonly measure: ChangeMeasure;
  readonly filter: FilterInput | null;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The place of the expectation that is asked about. */
const placeOf = (expect: readonly Expectation[], held: readonly SliceCondition[]): number => {
  const [named] = held.find(({ dimension }) => dimension === "expectation")?.values ?? [];
  if (named === undefined && expect.length === 1) return 0;
  const place = expect.findIndex(({ name }) => name === named);
  if (place >= 0) return place;
  throw bad(
    "input.where",
    "This question has a number for each of its expectations: hold it to one, by a condition `expectation` with its name.",
  );
};

/** An expectation by its place, written out, and the events that it is of: of a kept one those of the question that are its own. */
const expectationAt = ({ event, expect = [], found = [] }: EventQualityInput, place: number) => {
  const written = expect[place];
  if (written !== undefined) return { asked: written, event: event ?? {} };
  const kept = found[place - expect.length];
  if (kept === undefined) throw new Error("An expectation that was found is there.");
  return { asked: kept.expect, event: { ...event, filter: heldBy(event?.filter, matched([kept.of])) } };
};

/** How the numbers of an expectation add up. */
const ADDS: Readonly<Record<ExpectationNumber, CountedUnits["adds"]>> = {
  ...{ share: "RATIO", beyond: "RATIO", tested: "SUM", passed: "AMONG", failed: "AMONG" },
};
type TestedTogether = Exclude<ExpectationTest, { readonly kind: "EACH" }>;
const NARROWER = "a shorter span, or an `event` that fewer events are";

/** How late events come, by the name of the number. */
const DELAYS = {
  ...({ delaySecondsP50: "p50Seconds", delaySecondsP95: "p95Seconds" } as const),
  ...({ delaySecondsP99: "p99Seconds", delaySecondsMax: "maxSeconds" } as const),
} as const;
type Delay = keyof typeof DELAYS;
const isDelay = (name: string): name is Delay => Object.hasOwn(DELAYS, name);

/** What a delay is taken apart by: the threshold, and the test that finds those beyond it. */
const beyondDelay = async (
  deps: QualityChangeDeps,
  { caller, span, choices }: BehaviourToExplain,
  { name, input }: { readonly name: Delay; readonly input: EventQualityInput },
) => {
  const { beyond, quantile } = await findThreshold(choices, span, async (one) => {
    const { expectations, provenance } = await queryEventQuality(deps)(caller, { ...input, range: rangeOf(one) });
    return { value: expectations[0]?.delay?.[DELAYS[name]] ?? null, provenance };
  });
  // Seconds are told of milliseconds: what a quotient loses is less than a thousandth of one.
  const withinMs = Math.floor(Math.round(beyond * 1_000_000) / 1_000);
  return { quantile, late: { kind: "TIMELY", withinMs } } as const;
};

/** A number of `eventQuality`: what is tested event by event is a question with rows of numbers; of events that share a key, and of those that are late, each is told apart by itself. Of a delay it is the share of those that came later than it was. */
export const qualityChange = async (
  deps: QualityChangeDeps,
  asking: BehaviourToExplain,
): Promise<ExpectedEvents | BehaviourChange> => {
  const { caller, input, value, timeZone, span, held: all } = asking;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.EVENT_QUALITY, "share");
  const found = await findKept(deps, caller, { ...typed<EventQualityInput>(input), timeZone });
  const named = await resolveNames(deps, caller, found);
  const parse = (one: EventQualityInput) => parseEventQuality({ ...one, range: rangeOf(span) }, accessOf(caller));
  const { asked, event: of } = expectationAt(named, placeOf(parse(named).expect, all));
  const bare = { ...named, event: of, expect: [asked], kept: null, found: [] };
  const held = all.filter(({ dimension }) => dimension !== "expectation");
  const { expect, event } = parse(bare);
  const [expectation] = expect;
  if (expectation === undefined) throw new Error("An expectation that was found is there.");
  // Which of the events that share a key is the first, their ids may decide.
  const ids = expectation.test.kind === "UNIQUE" ? [parseField("id", "input")] : [];
  const fields = [...fieldsOfExpectation(expectation), ...fieldsOfMatcher(event), ...ids];
  const { table } = behaviourSource(fields, caller.dataPolicy);
  const together = (number: ExpectationNumber, test: TestedTogether): BehaviourChange =>
    unitChange(deps, {
      ...{ caller, name, timeZone, held, span, impact: "EVENTS", adds: ADDS[number] },
      units: async (reach, signal) => {
        const size = await deps.quality.size(caller, event, { table, reach }, signal);
        refuseTooManyEvents(size.rows[0] ?? 0, MAX_QUALITY_EVENTS, NARROWER);
        const reading = { kind: "EXPECTATION", number, event, test } as const;
        return { reading, fields, reach, entries: reach, periods: 1, costs: [size.statistics] };
      },
    });
  const { test } = expectation;
  if (isDelay(name)) {
    if (test.kind !== "TIMELY")
      throw bad("input.value.name", "How late events come is told of expectations that are `timely` alone.");
    const filter = heldTo(bare.event.filter, held);
    const own = { ...bare, event: { ...bare.event, filter } };
    const { quantile, late } = await beyondDelay(deps, asking, { name, input: own });
    return { ...together("beyond", late), quantile };
  }
  if (test.kind !== "EACH") return together(name, test);
  return {
    ...{ kind: "EXPECTED", name, measure: expectationMeasure(asked, name) },
    filter: heldTo(matched([bare.event]), held),
  };
};
