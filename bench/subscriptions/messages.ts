import { z } from "zod";

/** Milliseconds since the epoch with fractions: processes of one machine agree on it. */
export const preciseNowMs = (): number => performance.timeOrigin + performance.now();

/** What a serving process tells: where it is, or how much it uses. */
export const servingMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("listening"), wsUrl: z.string(), authorization: z.string() }),
  z.object({
    kind: z.literal("usage"),
    rssBytes: z.number(),
    heapBytes: z.number(),
    cpuMicros: z.number(),
    upstreams: z.number(),
  }),
]);
/** See {@link servingMessage}. */
export type ServingMessage = z.infer<typeof servingMessage>;

/** What the bench asks of a serving process. */
export const servingCommand = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("measure") }),
  z.object({ kind: z.literal("publish"), times: z.number(), everyMs: z.number() }),
]);
/** See {@link servingCommand}. */
export type ServingCommand = z.infer<typeof servingCommand>;

/** What a process of subscribers tells: that all are subscribed, or how late their messages were. */
export const subscriberMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("subscribed"), sockets: z.number() }),
  z.object({ kind: z.literal("delays"), delaysMs: z.array(z.number()), closed: z.number() }),
]);
/** See {@link subscriberMessage}. */
export type SubscriberMessage = z.infer<typeof subscriberMessage>;
