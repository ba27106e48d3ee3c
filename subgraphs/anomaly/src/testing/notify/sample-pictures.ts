import { parseRuleId, type AnomalyId, type TenantId } from "@tessera/contracts/ids";
import type { Anomaly } from "../../domain/anomaly.ts";
import { drawAnomaly } from "../../operations/explain/draw-anomaly.ts";
import type { PicturePorts } from "../../operations/notify/alert-pictures.ts";
import { NOTIFY_EPOCH_MS } from "./notify-room.ts";
import { SAMPLE_DELIVERY } from "./sample-channel.ts";

const HOUR_MS = 3_600_000;

const anomalyOf = (tenantId: TenantId, id: AnomalyId): Anomaly => {
  const ruleId = parseRuleId(SAMPLE_DELIVERY);
  if (ruleId === null) throw new Error("This is the id of a rule.");
  return {
    ...{ tenantId, id, ruleId, fingerprint: "f", severity: "WARNING", state: "FIRING", timesSeen: 2 },
    group: [{ name: "country", value: '<b>"DE"</b>' }],
    evidence: {
      ...{ value: 320, samples: null, score: 3, expected: 100, low: 60, high: 140, side: "ABOVE", because: "high" },
      ...{ weighed: [], impact: null },
      window: { fromMs: NOTIFY_EPOCH_MS - 2 * HOUR_MS, toMs: NOTIFY_EPOCH_MS - HOUR_MS },
    },
    ...{ raisedAtMs: NOTIFY_EPOCH_MS - HOUR_MS, lastSeenAtMs: NOTIFY_EPOCH_MS, lastValue: 330 },
    ...{ acknowledgement: null, resolution: null },
  };
};

/** A day of hours, the last two of which are anomalous. */
const course = Array.from({ length: 24 }, (_none, hour) => {
  const atMs = NOTIFY_EPOCH_MS + (hour - 24) * HOUR_MS;
  const [usual, odd] = [100 + 30 * Math.sin(hour / 4), hour >= 22];
  return {
    ...{ atMs, untilMs: atMs + HOUR_MS, value: odd ? 320 : usual, expected: usual, low: usual - 40, high: usual + 40 },
    ...{ score: odd ? 3 : 0, outcome: odd ? ("ANOMALOUS" as const) : ("NORMAL" as const) },
  };
});

/** Draws any anomaly as one of a day of hours; those that are `missing` can't be loaded. */
export const samplePictures = (missing: ReadonlySet<string> = new Set()): PicturePorts => ({
  // However busy the machine is, what can be drawn is.
  withinMs: 60_000,
  loaders: (tenantId) => ({
    rule: { load: () => Promise.resolve(null) },
    watchOfAnomaly: { load: () => Promise.resolve(null) },
    bucketsOf: () => Promise.resolve(course),
    anomaly: {
      load: (id) =>
        missing.has(id) ? Promise.reject(new Error("The store is away.")) : Promise.resolve(anomalyOf(tenantId, id)),
    },
  }),
  draw: drawAnomaly((anomaly, loaders) => loaders.bucketsOf(anomaly)),
});
