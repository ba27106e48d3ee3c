import { randomUUID } from "node:crypto";
import type { Permission } from "@tessera/contracts/permissions";
import type { TenantId } from "@tessera/contracts/ids";
import type { WatchedAnswer, WatchedQuestion } from "@tessera/contracts/watched-series";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { openIncidents } from "../open-incidents.ts";
import { createIncidentOpener } from "../reactions/incidents/take-alerts.ts";
import { openAnomalyRoom, rest } from "./anomaly-room.ts";
import { callerOf } from "./question-world.ts";

const MINUTE_MS = 60_000;
const WIDTHS: Readonly<Record<string, number>> = { MINUTE: MINUTE_MS, HOUR: 3_600_000 };
/** Long after the clocks of other tests that evaluate, and long before now. */
export const START_MS = Date.parse("2022-06-06T12:00:00Z");
const ALL: readonly Permission[] = ["analytics:read", "anomaly:read", "anomaly:manage", "anomaly:respond"];

/** What came in a minute of a group, and how much of it was bad. */
export type Traffic = (minute: number) => { readonly total: number; readonly bad: number };

/** What the analytics room would say of requests by country, minute by minute from {@link START_MS} on; metrics are the number of bad ones. */
export interface ObjectiveWorld {
  readonly traffic: Map<string, Traffic>;
  asked: WatchedQuestion[];
  refusal: Error | null;
}

const asked = z.object({
  olap: z.object({ dimensions: z.array(z.string()), metrics: z.array(z.object({ name: z.string() })).optional() }),
});

const answered = ({ traffic }: ObjectiveWorld, question: WatchedQuestion): WatchedAnswer => {
  const { olap } = asked.parse(question.question);
  const width = WIDTHS[question.granularity] ?? MINUTE_MS;
  const first = Math.ceil(Date.parse(question.from) / width) * width;
  const count = Math.max(0, Math.floor((Date.parse(question.to) - first) / width));
  const starts = Array.from({ length: count }, (_, place) => first + place * width);
  const groups = olap.dimensions.length === 0 ? [[...traffic.values()]] : [...traffic.values()].map((one) => [one]);
  const names = olap.dimensions.length === 0 ? [null] : [...traffic.keys()];
  const isMetric = olap.metrics !== undefined;
  const series = groups.map((members, place) => {
    const counts = starts.map((fromMs) => {
      const minutes = Array.from(
        { length: width / MINUTE_MS },
        (_, minute) => (fromMs - START_MS) / MINUTE_MS + minute,
      );
      const came = members.flatMap((of) => minutes.map(of));
      return {
        total: came.reduce((sum, { total }) => sum + total, 0),
        bad: came.reduce((sum, { bad }) => sum + bad, 0),
      };
    });
    const name = names[place] ?? null;
    return {
      group: name === null ? [] : [{ name: olap.dimensions[0] ?? "", value: name }],
      values: counts.map(({ total, bad }) => (isMetric ? bad : total === 0 ? null : bad / total)),
      samples: counts.map(({ total }) => total),
    };
  });
  return {
    ...{ bucketsMs: starts, endsMs: starts.map((fromMs) => fromMs + width), complete: starts.map(() => true) },
    ...{ rising: false, emptyValue: isMetric ? 0 : null, series: series.slice(0, question.maxSeries), others: null },
    ...{ seriesCount: series.length },
    provenance: { asOf: new Date(Date.parse(question.to)).toISOString(), exactness: "EXACT", tables: ["events"] },
  };
};

/** The anomaly room beside a world of requests, with a clock; incidents are taken when `drain` is called. `reset` after each test, `close` after all. */
export const openObjectiveWorld = () => {
  const world: ObjectiveWorld = { traffic: new Map(), asked: [], refusal: null };
  const access = new Map<string, TenantId>();
  const room = openAnomalyRoom({
    askAnalytics: {
      watchedSeries: (_caller, question) => {
        world.asked.push(question);
        return world.refusal === null ? Promise.resolve(answered(world, question)) : Promise.reject(world.refusal);
      },
      impactOf: () => Promise.reject(new Error("Nobody knows.")),
    },
    accessOfSubject: (tenantId, { id }) =>
      Promise.resolve(access.get(id) === tenantId ? callerOf(tenantId, id, ALL) : null),
  });
  const opener = createIncidentOpener(openIncidents(room.engines.resources, { keyRing: null }).taking);
  let tenants: TenantId[] = [];
  return {
    ...{ world, room },
    drain: () => opener.drain(),
    openTenant: () => {
      const [tenantId, userId] = [freshTenantId(), randomUUID()];
      tenants.push(tenantId);
      access.set(userId, tenantId);
      room.clock.ms = START_MS;
      const ask = async (document: string, variables: object = {}) =>
        askSubgraph(room.subgraph, callerOf(tenantId, userId, ALL), document, { ...variables });
      return { tenantId, ask };
    },
    /** Lets minutes pass and has a worker evaluate as often as there is something to catch up with. */
    turn: async (minutes = 1): Promise<void> => {
      room.clock.ms += minutes * MINUTE_MS;
      const work = room.worker();
      for (let turns = 0; turns < 10 && (await work()) > 0; turns += 1);
    },
    reset: async (): Promise<void> => {
      await rest(room, tenants);
      tenants = [];
      world.traffic.clear();
      Object.assign(world, { asked: [], refusal: null });
    },
    close: () => room.close(),
  };
};

/** See {@link openObjectiveWorld}. */
export type OpenedObjectiveWorld = ReturnType<typeof openObjectiveWorld>;
