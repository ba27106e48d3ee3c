import { randomInt, randomUUID } from "node:crypto";
import { z } from "zod";
import { pause } from "./eventually.ts";
import type { TesseraClient } from "./tessera-client.ts";

/** Milliseconds of a minute, the width of the buckets that are watched here. */
export const MINUTE_MS = 60_000;
/** Minutes of a backlog, several turns of a rule, and the minutes each episode has to itself. */
const [BACKLOG_MINUTES, EPISODE_MINUTES] = [600, 200];
/** Events of a minute that are too many, and how many are not. */
const [TOO_MANY, NOT_TOO_MANY] = [4, 3];
const EVENTS_PER_REQUEST = 200;

/** Minutes in a row in which a country has too many events. */
export interface Breach {
  readonly country: string;
  readonly fromMs: number;
  readonly minutes: number;
}

/** A step of a series, as a bucket leads to it. */
export interface ExpectedStep {
  readonly country: string;
  readonly to: string;
  readonly atMs: number;
}

/** The past hours of three countries, with a breach here and there, as events that are stored. */
export interface Backlog {
  readonly eventName: string;
  /** Where rules over it begin. */
  readonly fromMs: number;
  readonly breaches: readonly Breach[];
}

/** By fixed bounds and the policy that fires at once and ends at once, what a rule says of breaches: that each begins with its first minute, and ends with the one after its last. */
export const expectedSteps = (breaches: readonly Breach[]): readonly ExpectedStep[] =>
  breaches
    .flatMap(({ country, fromMs, minutes }) => [
      { country, to: "FIRING", atMs: fromMs + MINUTE_MS },
      { country, to: "RESOLVED", atMs: fromMs + (minutes + 1) * MINUTE_MS },
    ])
    .toSorted((a, b) => a.atMs - b.atMs || (a.country < b.country ? -1 : 1));

/** Stores a backlog that ends some minutes ago, by ingest at `url`. */
export const storeBacklog = async (ingest: TesseraClient): Promise<Backlog> => {
  const fromMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - (BACKLOG_MINUTES + 5) * MINUTE_MS;
  const eventName = `backlog-${randomUUID()}`;
  const breaches = ["DE", "FR", "US"].flatMap((country) =>
    Array.from({ length: BACKLOG_MINUTES / EPISODE_MINUTES }, (_none, place): Breach => {
      const begins = place * EPISODE_MINUTES + randomInt(1, EPISODE_MINUTES / 2);
      return { country, fromMs: fromMs + begins * MINUTE_MS, minutes: randomInt(1, 20) };
    }),
  );
  const events = breaches.flatMap(({ country, fromMs: beginsMs, minutes }) =>
    Array.from({ length: minutes * TOO_MANY }, (_none, place) => ({
      ...{ name: eventName, country },
      time: new Date(beginsMs + Math.floor(place / TOO_MANY) * MINUTE_MS + place).toISOString(),
    })),
  );
  for (let at = 0; at < events.length; at += EVENTS_PER_REQUEST)
    await ingest.send(events.slice(at, at + EVENTS_PER_REQUEST));
  return { eventName, fromMs, breaches };
};

const made = z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) });

/** Makes a rule over the events of a name, by minute and country, that finds too many of them in a minute; answers its id. */
export const watchEvents = async (
  graph: TesseraClient,
  eventName: string,
  more: { readonly name: string; readonly delay?: string; readonly live?: boolean; readonly enabled?: boolean },
): Promise<string> => {
  const { delay = "PT0S", ...rule } = more;
  const olap = {
    ...{ range: { sliding: "PT1H" }, measures: [{ function: "COUNT" }], dimensions: ["country"] },
    filter: { field: "name", eq: eventName },
  };
  const text = "mutation ($input: CreateRuleInput!) { createRule(input: $input) { ... on RuleSaved { rule { id } } } }";
  const input = {
    ...{ ...rule, evaluationIntervalSeconds: 10, question: { question: { olap }, granularity: "MINUTE", delay } },
    ...{ detector: { static: { side: "ABOVE", high: NOT_TOO_MANY } }, alerting: { flapping: null } },
  };
  return (await graph.ask(made, text, { input })).createRule.rule.id;
};

/** Live traffic: the breaches of the minutes it was sent in. */
export interface Traffic {
  /** Ends it once two minutes had too many and what is under way is acknowledged; answers the minutes in which too many events of a country were acknowledged, minute by minute. */
  stop(): Promise<readonly Breach[]>;
}

/** Sends events of a name as time goes on: in every other minute too many of one country, in those between of another. */
export const startTraffic = (ingest: TesseraClient, eventName: string): Traffic => {
  const acknowledged = new Map<string, Breach & { readonly events: number }>();
  let running = true;
  const work = (async (): Promise<void> => {
    while (running) {
      const nowMs = Date.now();
      const fromMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
      const country = (fromMs / MINUTE_MS) % 2 === 0 ? "DE" : "US";
      const event = { id: randomUUID(), name: eventName, country, time: new Date(nowMs).toISOString() };
      await ingest.send([event]);
      const key = `${country} ${fromMs}`;
      const events = (acknowledged.get(key)?.events ?? 0) + 1;
      acknowledged.set(key, { country, fromMs, minutes: 1, events });
      await pause(500);
    }
  })();
  const breaches = (): readonly Breach[] =>
    [...acknowledged.values()].flatMap(({ events, ...breach }) => (events >= TOO_MANY ? [breach] : []));
  return {
    stop: async () => {
      // One for each country, however fast all else went.
      while (breaches().length < 2) await Promise.race([work, pause(500)]);
      running = false;
      await work;
      return breaches();
    },
  };
};
