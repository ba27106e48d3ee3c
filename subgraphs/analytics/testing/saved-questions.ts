import { QUESTION_KINDS, type BehaviourKind } from "../src/domain/dashboards/question.ts";

const HOUR_MS = 3_600_000;
/** When the events of saved questions begin. */
export const FROM_MS = Date.parse("2026-10-26T00:00:00Z");
/** A moment some hours after their beginning. */
export const at = (hours: number): string => new Date(FROM_MS + hours * HOUR_MS).toISOString();
/** The four days of the events. */
export const RANGE = { from: at(0), to: at(96) };
/** The last two of them. */
export const LATER = { from: at(48), to: at(96) };

/** Views, and purchases. */
export const [view, buy] = [{ events: ["view"] }, { events: ["buy"] }];
const held = (field: string) => ({ field, in: ["DE", "FR"] });

interface Kind {
  /** What is shown of its answer. */
  readonly shown: string;
  /** A question of the kind, by a field where its answer differs by the values of one. */
  readonly input: (field: string, cohort: string) => Record<string, unknown>;
  /** The type of its answer. */
  readonly answer: string;
  /** Whether it names no field, which is so where this is true. */
  readonly plain?: true;
}

/** A question of every kind about behaviour. */
export const KINDS: Readonly<Record<BehaviourKind, Kind>> = {
  FUNNEL: {
    answer: "FunnelAnswer",
    shown: "groups { value result { entered converted } } result { entered }",
    input: (field) => ({
      ...{ window: "P2D", breakdown: { field } },
      steps: [{ anyOf: [{ ...view, filter: held(field) }] }, { anyOf: [buy] }],
    }),
  },
  RETENTION: {
    answer: "RetentionResult",
    shown: "groups { dimensions total { size eligible } }",
    input: (field) => ({ start: view, returning: buy, periods: 2, splitBy: [field] }),
  },
  STICKINESS: {
    answer: "StickinessResult",
    shown: "total units",
    input: (field) => ({ event: { ...view, filter: held(field) } }),
  },
  LIFECYCLE: {
    answer: "LifecycleResult",
    shown: "fresh returning dormant",
    input: (field) => ({ event: { ...view, filter: held(field) }, period: "DAY" }),
  },
  ACTIVE_USERS: {
    answer: "ActiveUsersResult",
    shown: "daily monthly",
    input: (field) => ({ event: { ...view, filter: held(field) } }),
  },
  ATTRIBUTION: {
    answer: "AttributionAnswer",
    shown: "conversions breakdowns { models { credits { label conversions } } }",
    input: (field) => ({ conversion: buy, touchpoints: [view], models: [{ kind: "LINEAR" }], dimensions: [field] }),
  },
  PATHS: {
    answer: "PathsAnswer",
    shown: "nodes { depth label paths }",
    input: (field) => ({ label: [field], steps: [view, buy], maxDepth: 3 }),
  },
  SESSION_METRICS: {
    answer: "SessionMetrics",
    shown: "groups { values measures { sessions } }",
    input: (field) => ({ breakdown: [field], filter: held(field) }),
  },
  VELOCITY: {
    answer: "VelocityResult",
    shown: "entities top { entity events }",
    input: (field) => ({ event: view, by: field, within: "PT12H", moreThan: 2 }),
  },
  RINGS: {
    answer: "RingsResult",
    shown: "ringCount memberCount",
    input: (field) => ({ event: { ...view, filter: held(field) }, through: ["device"] }),
  },
  EVENT_QUALITY: {
    answer: "EventQualityResult",
    shown: "expectations { name tested passed }",
    input: (field) => ({
      event: { ...view, filter: held(field) },
      expect: [{ name: "d", present: { field: "device" } }],
    }),
  },
  DRIFT: {
    answer: "DriftResult",
    shown: "psi samples",
    input: (field) => ({
      ...{ event: { ...view, filter: held(field) }, field: "device", kind: "CATEGORICAL" },
      reference: { trailing: "P1D" },
    }),
  },
  COHORT_SIZES: {
    answer: "CohortSizesResult",
    shown: "cohort { name } computations { size }",
    input: (_field, cohort) => ({ cohort }),
    plain: true,
  },
  API_EXECUTIONS: {
    answer: "ApiExecutionsResult",
    shown: "buckets { executions }",
    input: () => ({}),
    plain: true,
  },
};
const isBehaviour = (kind: (typeof QUESTION_KINDS)[number]): kind is BehaviourKind => kind in KINDS;
/** Every kind about behaviour. */
export const ALL = QUESTION_KINDS.filter(isBehaviour);
/** Those that this room answers: how executions went is told by another. */
export const ANSWERED = ALL.filter((kind) => kind !== "API_EXECUTIONS");

/** A question of a kind by a field, over a range; of a cohort where it is about one. */
export const askedBy = (kind: BehaviourKind, field: string, range: object = RANGE, cohort = "") => ({
  ...{ range, ...KINDS[kind].input(field, cohort) },
});
