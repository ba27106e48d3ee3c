import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { z } from "zod";
import { alertOf, NOTIFY_EPOCH_MS } from "../../../testing/notify/notify-room.ts";
import { channelOf, SAMPLE_DELIVERY } from "../../../testing/notify/sample-channel.ts";
import { MAX_BODY_BYTES } from "../../webhooks/message.ts";
import type { GroupView } from "../group.ts";
import { MAX_TOLD, messageOf, type Message } from "../message.ts";
import { webhookData, webhookRequest } from "./webhook.ts";

const tenantId = freshTenantId();
const bodySchema = z.object({
  data: z.looseObject({
    ...{ text: z.string(), count: z.number(), alerts: z.array(z.unknown()), subject: z.string().nullable() },
    group: z.object({ changes: z.array(z.string()), labels: z.record(z.string(), z.string()) }).nullable(),
  }),
});

/** Words that take as many bytes as they can: plain, accents, symbols of two halves, and what JSON escapes. */
const word = fc.constantFrom("a", "ä", "€", "\u{1F525}", '"', "\\");
/** Everything as long as it may be, or not: a rule's name, its 20 labels, up to 10 fields of a group, up to 10 labels of a route's group, and what is said of why. */
const extremes = fc.record({
  word,
  alerts: fc.integer({ min: 1, max: 40 }),
  letters: fc.constantFrom(1, 20, 200, 2_000, 20_000),
  labels: fc.nat(20),
  fields: fc.nat(10),
  groupBy: fc.option(fc.nat(10), { nil: null }),
  isLong: fc.boolean(),
});
type Extremes = typeof extremes extends fc.Arbitrary<infer One> ? One : never;

const messageFor = ({ word: one, alerts: count, letters, labels, fields, groupBy, isLong }: Extremes): Message => {
  const long = one.repeat(100);
  const named = (name: string, many: number): Readonly<Record<string, string>> =>
    Object.fromEntries(Array.from({ length: many }, (_, place) => [`${name}${place}`, long]));
  const alerts = Array.from({ length: count }, () =>
    alertOf(tenantId, {
      ...{ ruleName: long, because: one.repeat(letters), labels: named("label", labels) },
      group: Object.entries(named("field", fields)).map(([name, value]) => ({ name, value })),
    }),
  );
  const group: GroupView | null =
    groupBy === null
      ? null
      : {
          ...{ id: randomUUID(), episode: randomUUID(), labels: named("by", groupBy), state: "BEGAN" },
          ...{
            alerts: alerts.map((alert) => ({ alert, change: "NEW" })),
            counts: { NEW: count, CHANGED: 0, OVER: 0, STILL: 0 },
          },
        };
  const body = isLong ? "{{#alerts}}{{because}}{{/alerts}}" : "{{count}}";
  const { channel } = channelOf({ name: "g", webhook: { url: "https://example.com/" }, bodyTemplate: body });
  const at = { atMs: NOTIFY_EPOCH_MS, unlisted: 0, wait: "GROUP" } as const;
  return messageOf({ id: SAMPLE_DELIVERY, channel, alerts, group, ...at });
};
const sizeOf = (message: Message, data: object): number =>
  Buffer.byteLength(
    JSON.stringify({ type: "alert.notification", timestamp: new Date(message.atMs).toISOString(), data }),
  );

describe("what a webhook tells", () => {
  test("has less than 20 kB however long names are and however many alerts there are: the last alerts go first, then the text's end, then the group, and no more than has to", () => {
    fc.assert(
      fc.property(extremes, (one) => {
        const message = messageFor(one);
        const { body } = webhookRequest({ url: "https://example.com/", sign: null }, message, NOTIFY_EPOCH_MS);
        expect(Buffer.byteLength(body)).toBeLessThan(MAX_BODY_BYTES);
        const { data } = bodySchema.parse(JSON.parse(body));
        const whole = webhookData(message);
        // What names it stays, and how many there are.
        expect(data).toMatchObject({ deliveryId: message.id, subject: message.subject, count: one.alerts });
        const kept = data.alerts.length;
        expect(data.alerts).toEqual(JSON.parse(JSON.stringify(whole.alerts.slice(0, kept))));
        if (data.group !== null) expect(data.group.changes).toHaveLength(kept);
        expect(whole.text.startsWith(data.text)).toBe(true);
        // Nothing is left out before what stands before it in the order, and nothing that would have had its place.
        const isTextCut = data.text !== whole.text;
        const isGroupLeft = (data.group === null) !== (whole.group === null);
        if (isTextCut) expect(kept).toBe(0);
        if (isGroupLeft) expect([kept, data.text]).toEqual([0, ""]);
        const more = whole.alerts.slice(0, kept + 1);
        const group = whole.group && { ...whole.group, changes: whole.group.changes.slice(0, kept + 1) };
        if (kept < Math.min(one.alerts, MAX_TOLD))
          expect(sizeOf(message, { ...whole, alerts: more, group })).toBeGreaterThanOrEqual(MAX_BODY_BYTES);
        // No half of a symbol is left.
        expect(Buffer.from(data.text).toString()).toBe(data.text);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
