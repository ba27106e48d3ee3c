import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import type { ChangeMeasure } from "../../domain/change/change-measure.ts";
import { expectationMeasure } from "../../domain/change/expectation-measure.ts";
import type { ExpectationNumber } from "../../domain/change/reading.ts";
import { heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { MAX_QUALITY_EVENTS, parseEventQuality, type EventQualityInput } from "../../domain/quality/event-quality.ts";
import { fieldsOfExpectation, type Expectation } from "../../domain/quality/expectation.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { resolveNames } from "../in-cohort.ts";
import type { QualityDeps } from "../quality/query-quality.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";
import {
  matched,
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { unitChange, type UnitChangeDeps } from "./unit-change.ts";

/** What explaining what expectations found needs. */
export type QualityChangeDeps = BehaviourChangeDeps & UnitChangeDeps & Pick<QualityDeps, "quality">;

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

const numberOf = (name: string): ExpectationNumber => {
  if (name === "share" || name === "tested" || name === "passed" || name === "failed") return name;
  throw bad(
    "input.value.name",
    "How late events come is told by quantiles, which can't be taken apart: take share, tested, passed or failed.",
  );
};

/** A number of `eventQuality`: what is tested event by event is a question with rows of numbers; of events that share a key, and of those that are late, each is told apart by itself. */
export const qualityChange = async (
  deps: QualityChangeDeps,
  { caller, input, value, timeZone, span, held: all }: BehaviourToExplain,
): Promise<ExpectedEvents | BehaviourChange> => {
  refuseUnusedParts(value, null);
  const name = numberOf(chooseName(value, VALUE_NAMES.EVENT_QUALITY, "share"));
  const bare = await resolveNames(deps, caller, { ...typed<EventQualityInput>(input), timeZone });
  const parse = (one: typeof span) => parseEventQuality({ ...bare, range: rangeOf(one) }, accessOf(caller));
  const { expect, event } = parse(span);
  const place = placeOf(expect, all);
  const held = all.filter(({ dimension }) => dimension !== "expectation");
  const [expectation, asked] = [expect[place], bare.expect[place]];
  if (expectation === undefined || asked === undefined) throw new Error("An expectation that was found is there.");
  const { test } = expectation;
  if (test.kind === "EACH")
    return {
      ...{ kind: "EXPECTED", name, measure: expectationMeasure(asked, name) },
      filter: heldTo(matched([bare.event ?? {}]), held),
    };
  const fields = [...fieldsOfExpectation(expectation), ...fieldsOfMatcher(event)];
  const { table } = behaviourSource(fields, caller.dataPolicy);
  return unitChange(deps, {
    ...{ caller, name, timeZone, held, span, impact: "EVENTS" },
    adds: name === "share" ? "RATIO" : name === "tested" ? "SUM" : "AMONG",
    units: async (reach, signal) => {
      const size = await deps.quality.size(caller, event, { table, reach }, signal);
      refuseTooManyEvents(size.rows[0] ?? 0, MAX_QUALITY_EVENTS, "a shorter span, or an `event` that fewer events are");
      const reading = { kind: "EXPECTATION", number: name, event, test } as const;
      return { reading, fields, reach, entries: reach, periods: 1, costs: [size.statistics] };
    },
  });
};
