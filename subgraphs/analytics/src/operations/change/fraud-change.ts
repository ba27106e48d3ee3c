import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { heldBy, type SliceCondition } from "../../domain/change/slice-filter.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import { parseRings, type Ring, type RingsInput } from "../../domain/fraud/rings.ts";
import { parseVelocity, VELOCITY_LIMITS, velocityReach, type VelocityInput } from "../../domain/fraud/velocity.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { placedFraud, readRings, type FraudDeps } from "../fraud/query-fraud.ts";
import { resolveNames } from "../in-cohort.ts";
import {
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { unitChange, type UnitChangeDeps } from "./unit-change.ts";

/** What explaining patterns of fraud needs. */
export type FraudChangeDeps = BehaviourChangeDeps & UnitChangeDeps & Pick<FraudDeps, "fraud" | "readBands">;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The entity whose peak is asked about. */
const entityOf = (by: string, held: readonly SliceCondition[]): string => {
  const values = held.find(({ dimension }) => dimension === by)?.values ?? [];
  const [entity] = values;
  if (values.length === 1 && typeof entity === "string") return entity;
  throw bad(
    "input.where",
    `Each entity has a peak of its own: hold the change to one, by a condition \`${by}\` with its value.`,
  );
};

/**
 * A number of `velocity`. `entities`: each is told apart by the event that took it beyond the bound, others by their last. `peak` of one entity: what its window holds where it holds most, whether that is
 * beyond the bound or not.
 */
export const velocityChange = async (
  deps: FraudChangeDeps,
  { caller, input, value, timeZone, span, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.VELOCITY, "entities");
  const asked = typed<VelocityInput>(input);
  if ((asked.reported ?? null) !== null)
    throw bad("input.reported", "What other tenants had reported before is not known: leave `reported` out.");
  const isPeak = name === "peak";
  const resolved = await resolveNames(deps, caller, { ...asked, timeZone });
  const of = isPeak
    ? {
        field: asked.by,
        eq: entityOf(parseVelocity({ ...resolved, range: rangeOf(span) }, accessOf(caller)).by.name, held),
      }
    : null;
  const event = { ...resolved.event, filter: heldBy(resolved.event.filter, of) };
  const bare = { ...resolved, ...(isPeak ? { event, moreThan: 0 } : {}) };
  return unitChange(deps, {
    ...{ caller, name, timeZone, span, adds: isPeak ? "SUM" : "AMONG", impact: "EVENTS" },
    held: isPeak ? held.filter(({ dimension }) => dimension !== asked.by) : held,
    units: async (one, signal) => {
      const question = parseVelocity({ ...bare, range: rangeOf(one) }, accessOf(caller));
      const { by, distinct, event: matcher } = question;
      const reach = velocityReach(question);
      const fields = [by, ...(distinct === null ? [] : [distinct]), ...fieldsOfMatcher(matcher)];
      const at = await placedFraud(deps, caller, { by, event: matcher, fields, reach }, VELOCITY_LIMITS.events, signal);
      const reading = { kind: isPeak ? "PEAK" : "ENTITIES", question } as const;
      return { reading, fields, reach, entries: reach, periods: 1, costs: [at.cost] };
    },
  });
};

/** Members whose rings are taken apart: their names travel to the store with each reading. */
const MAX_MEMBERS = 2_000;

/** What each member adds to a number of rings: a ring counts in equal parts of its members. */
const weightsOf = (name: string, rings: readonly Ring[]): ReadonlyMap<string, number> => {
  const most = Math.max(0, ...rings.map(({ members }) => members.length));
  const largest = rings.find(({ members }) => members.length === most);
  const counted = name === "largest" ? rings.filter((ring) => ring === largest) : rings;
  return new Map(
    counted.flatMap(({ members }) =>
      members.map((member) => [member, name === "rings" ? 1 / members.length : 1] as const),
    ),
  );
};

const refuseTooMany = (members: number): void => {
  if (members > MAX_MEMBERS)
    throw refuse(
      "RESULT_TOO_LARGE",
      `The rings have ${members.toLocaleString("en-US")} members, more than the ${MAX_MEMBERS.toLocaleString("en-US")} that are taken apart: take a shorter span, or greater \`minMembers\`.`,
      { field: "input.minMembers", limit: MAX_MEMBERS },
    );
};

/** A number of `rings`: members are told apart by their first event of the span. */
export const ringsChange = async (
  deps: FraudChangeDeps,
  { caller, input, value, timeZone, span, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.RINGS, "rings");
  const bare = await resolveNames(deps, caller, { ...typed<RingsInput>(input), timeZone });
  return unitChange(deps, {
    ...{ caller, name, timeZone, held, span, adds: "AMONG", impact: "EVENTS" },
    units: async (reach, signal) => {
      const question = parseRings({ ...bare, range: rangeOf(reach) }, accessOf(caller));
      const { of, event } = question;
      const { rings, costs } = await readRings(deps, caller, question, signal);
      const weights = weightsOf(name, rings);
      refuseTooMany(weights.size);
      const reading = { kind: "MEMBERS", event, of, weights } as const;
      return { reading, fields: [of, ...fieldsOfMatcher(event)], reach, entries: reach, periods: 1, costs };
    },
  });
};
