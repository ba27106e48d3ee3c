import type { Caller } from "@tessera/contracts/caller";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { z } from "zod";
import { meaningOf } from "./room-error.ts";

const SERIES = `query WatchedSeries($input: WatchedSeriesInput!) {
  answer: watchedSeries(input: $input) {
    buckets ends complete rising emptyValue seriesCount hasMore
    series { group { name value } values samples }
    others { group { name value } values samples }
    provenance { asOf exactness tables { table } }
  }
}`;

// Whole numbers beyond what a JSON number holds exactly come as text.
const whole = z.union([z.number(), z.string()]).transform(Number);
const moment = z.string().transform((text) => Date.parse(text));
const series = z.object({
  group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  values: z.array(z.number().nullable()),
  samples: z.array(whole.nullable()),
});
const answered = z.object({
  answer: z
    .object({
      buckets: z.array(moment),
      ends: z.array(moment),
      complete: z.array(z.boolean()),
      rising: z.boolean(),
      emptyValue: z.number().nullable(),
      seriesCount: z.number(),
      hasMore: z.boolean(),
      provenance: z
        .object({ asOf: z.string(), exactness: z.string(), tables: z.array(z.object({ table: z.string() })) })
        .nullish()
        .transform((told) =>
          told === null || told === undefined ? null : { ...told, tables: told.tables.map(({ table }) => table) },
        ),
      series: z.array(series),
      others: series.nullable(),
    })
    .transform(({ buckets, ends, ...same }) => ({ ...same, bucketsMs: buckets, endsMs: ends })),
});

const IMPACT = `query ChangeImpact($changes: [_Any!]!) {
  _entities(representations: $changes) { ... on WatchedChange {
    impact { affectedPeople revenue { currency actual difference } } } }
}`;

const reached = z.object({
  _entities: z.tuple([
    z.object({
      impact: z.object({
        affectedPeople: z.number(),
        revenue: z.array(z.object({ currency: z.string(), actual: z.number(), difference: z.number().nullable() })),
      }),
    }),
  ]),
});

/** Builds {@link AskAnalytics} over the analytics room, wherever it runs. */
export const createAskAnalytics = (analytics: SubgraphConnection<GatewayCall>): AskAnalytics => {
  const ask = async (
    caller: Caller,
    query: string,
    variables: Readonly<Record<string, unknown>>,
    signal: AbortSignal | undefined,
  ): Promise<unknown> => {
    const { data, errors } = await analytics.execute({ query, variables }, { caller, traceId: newTraceId(), signal });
    const [error] = errors ?? [];
    if (error !== undefined) throw meaningOf("Analytics", error);
    return data;
  };
  return {
    watchedSeries: async (caller, question, signal) =>
      answered.parse(await ask(caller, SERIES, { input: { ...question } }, signal)).answer,
    impactOf: async (caller, asked, signal) => {
      const changes = [{ __typename: "WatchedChange", asked }];
      const [{ impact }] = reached.parse(await ask(caller, IMPACT, { changes }, signal))._entities;
      return {
        people: impact.affectedPeople,
        revenue: impact.revenue.map(({ currency, actual, difference }) => ({
          ...{ currency, amount: Math.abs(difference ?? actual) },
        })),
      };
    },
  };
};
