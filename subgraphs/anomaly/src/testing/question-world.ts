import { randomUUID } from "node:crypto";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { WatchedAnswer, WatchedImpact, WatchedQuestion } from "@tessera/contracts/watched-series";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import type { RulesPorts } from "../open-rules.ts";
import { openAnomalyRoom, rest } from "./anomaly-room.ts";

/** Milliseconds of an hour, the width of the world's buckets. */
export const HOUR_MS = 3_600_000;
/** Long after the clocks of other tests that evaluate, and long before now. */
export const START_MS = Date.parse("2021-06-07T00:00:00Z");
/** What the people of these tests may. */
export const ALL: readonly Permission[] = ["analytics:read", "anomaly:read", "anomaly:manage", "anomaly:respond"];

/** A question of counts by country, watched by the hour. */
export const QUESTION = {
  question: {
    olap: { range: { sliding: "P1D" }, measures: [{ name: "n", function: "COUNT" }], dimensions: ["country"] },
  },
  granularity: "HOUR",
};
/** Makes a rule and says which. */
export const CREATE_RULE = `mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename
  ... on RuleSaved { rule { id } } ... on RuleRejected { problems { field message } } } }`;

/** What the analytics room would say: hourly counts by country and how far breaches reach, and what it was asked. */
export interface World {
  readonly counts: Map<string, (hour: number) => number | null>;
  asked: { readonly caller: Caller; readonly question: WatchedQuestion }[];
  impacts: { readonly caller: Caller; readonly change: string }[];
  readonly access: Map<string, readonly Permission[]>;
  refusal: Error | null;
  /** Null: it can't be told. */
  impact: WatchedImpact | null;
}

const answered = (counts: World["counts"], question: WatchedQuestion): WatchedAnswer => {
  const [fromMs, toMs] = [Date.parse(question.from), Date.parse(question.to)];
  const first = Math.ceil(fromMs / HOUR_MS);
  const hours = Array.from({ length: Math.max(0, Math.floor(toMs / HOUR_MS) - first) }, (_, index) => first + index);
  const all = [...counts].map(([country, count]) => {
    const values = hours.map((hour) => count(hour - START_MS / HOUR_MS));
    return { group: [{ name: "country", value: country }], values, samples: values };
  });
  const kept = all.slice(0, question.maxSeries);
  const others = all.slice(question.maxSeries);
  const together = hours.map((_hour, at) => others.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  return {
    bucketsMs: hours.map((hour) => hour * HOUR_MS),
    endsMs: hours.map((hour) => (hour + 1) * HOUR_MS),
    complete: hours.map(() => true),
    ...{ rising: true, emptyValue: 0, series: kept, seriesCount: all.length },
    others:
      others.length === 0 ? null : { group: [{ name: "country", value: null }], values: together, samples: together },
  };
};

/** A person of a tenant. */
export const callerOf = (tenantId: TenantId, id: string, permissions: readonly Permission[] = ALL): Caller => ({
  ...PLAIN_ACCESS,
  ...{ tenantId, permissions: new Set(permissions), expiresAtMs: null },
  subject: { kind: "USER", id },
});

const portsOf = (world: World): Pick<RulesPorts, "askAnalytics" | "accessOfSubject"> => ({
  askAnalytics: {
    watchedSeries: (caller, question) => {
      world.asked.push({ caller, question });
      return world.refusal === null ? Promise.resolve(answered(world.counts, question)) : Promise.reject(world.refusal);
    },
    impactOf: (caller, change) => {
      world.impacts.push({ caller, change });
      return world.impact === null ? Promise.reject(new Error("Nobody knows.")) : Promise.resolve(world.impact);
    },
  },
  accessOfSubject: (tenantId, subject) => {
    const permissions = world.access.get(`${tenantId} ${subject.id}`);
    return Promise.resolve(permissions === undefined ? null : callerOf(tenantId, subject.id, permissions));
  },
});

const saved = z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) });

/** The anomaly room beside a world of hourly counts, with a clock that turns by the hour; `reset` after each test, `room.close` after all. */
export const openQuestionWorld = () => {
  const world: World = {
    ...{ counts: new Map(), asked: [], impacts: [], access: new Map(), refusal: null, impact: null },
  };
  const room = openAnomalyRoom(portsOf(world));
  let tenants: TenantId[] = [];
  const openTenant = () => {
    const [tenantId, userId] = [freshTenantId(), randomUUID()];
    tenants.push(tenantId);
    world.access.set(`${tenantId} ${userId}`, ALL);
    room.clock.ms = START_MS + 10 * HOUR_MS + 60_000;
    const caller = callerOf(tenantId, userId);
    const ask = async (document: string, variables: object = {}, as: Caller = caller) =>
      askSubgraph(room.subgraph, as, document, { ...variables });
    return { tenantId, userId, caller, ask };
  };
  return {
    ...{ world, room, openTenant },
    /** Makes a rule that counts by country, a count above 100 being an anomaly; says its id. */
    makeRule: async ({ ask }: Pick<ReturnType<typeof openTenant>, "ask">, more: object = {}): Promise<string> => {
      const detector = { static: { side: "ABOVE", high: 100 } };
      const input = { name: "errors", question: QUESTION, detector, ...more };
      return saved.parse((await ask(CREATE_RULE, { input })).data).createRule.rule.id;
    },
    /** Lets hours pass and has a worker evaluate once. */
    turn: async (hours = 1): Promise<void> => {
      room.clock.ms += hours * HOUR_MS;
      await room.worker()();
    },
    reset: async (): Promise<void> => {
      await rest(room, tenants);
      tenants = [];
      world.counts.clear();
      Object.assign(world, { asked: [], impacts: [], refusal: null, impact: null });
    },
  };
};
/** See {@link openQuestionWorld}. */
export type QuestionWorld = ReturnType<typeof openQuestionWorld>;
/** A tenant of a {@link QuestionWorld}. */
export type WorldTenant = ReturnType<QuestionWorld["openTenant"]>;
