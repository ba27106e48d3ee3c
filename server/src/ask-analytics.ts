import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { isErrorCode, type ErrorCode } from "@tessera/platform/errors/error-codes";
import { refuse } from "@tessera/platform/errors/refusal";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { z } from "zod";

const SERIES = `query WatchedSeries($input: WatchedSeriesInput!) {
  answer: watchedSeries(input: $input) {
    buckets ends complete rising emptyValue seriesCount
    series { group { name value } values samples }
    others { group { name value } values samples }
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
      series: z.array(series),
      others: series.nullable(),
    })
    .transform(({ buckets, ends, ...same }) => ({ ...same, bucketsMs: buckets, endsMs: ends })),
});

const told = z.object({
  message: z.string(),
  extensions: z.object({ code: z.custom<ErrorCode>(isErrorCode), field: z.string().optional() }),
});

/** What the analytics room refuses is for whoever asked; everything else they can only wait out. */
const meaningOf = (error: unknown): Error => {
  const known = told.safeParse(error);
  if (!known.success || known.data.extensions.code === "INTERNAL")
    return refuse("DEPENDENCY_UNAVAILABLE", "Analytics can't be asked at the moment.", { retryAfterSeconds: 2 }, error);
  const { code, field } = known.data.extensions;
  return refuse(code, known.data.message, field === undefined ? {} : { field }, error);
};

/** Builds {@link AskAnalytics} over the analytics room, wherever it runs. */
export const createAskAnalytics = (analytics: SubgraphConnection<GatewayCall>): AskAnalytics => ({
  watchedSeries: async (caller, question, signal) => {
    const request = { query: SERIES, variables: { input: { ...question } } };
    const { data, errors } = await analytics.execute(request, { caller, traceId: newTraceId(), signal });
    const [error] = errors ?? [];
    if (error !== undefined) throw meaningOf(error);
    return answered.parse(data).answer;
  },
});
