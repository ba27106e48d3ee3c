import { describe, expect, it } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { formatSessionPlace, parseSessionPage } from "./session-page.ts";
import { parseSessionMetrics } from "./parse-sessions.ts";
import type { SessionMetricsInput } from "./sessions-input.ts";

const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const outsider = { personalData: false };

const refusalOf = (ask: () => unknown): unknown => {
  try {
    return ask();
  } catch (error) {
    return error instanceof Refusal ? `${error.code} ${String(error.extras["field"])}` : error;
  }
};

describe("a question about sessions", () => {
  it("is about gaps of half an hour, engagement as Google Analytics 4 has it, and all events, unless it says otherwise", () => {
    expect(parseSessionMetrics({ range }, outsider)).toMatchObject({
      definition: {
        ...{ kind: "GAP", gapMs: 1_800_000, midnightsMs: null, cutAtCampaign: false },
        ...{ maxLengthMs: null, bySource: false },
      },
      ...{ views: { names: ["page_view"] }, page: { name: "url" }, conversion: null, currency: null, filter: null },
      ...{ engagedAfterMs: 10_000, engagedViews: 2, idleMs: 300_000, bounce: "NOT_ENGAGED" },
      ...{ buckets: null, breakdown: [], first: 10, levels: [0.5, 0.9], pages: 0 },
    });
  });

  it.each<[Partial<SessionMetricsInput>, string]>([
    [{ range: { from: "2020-01-01T00:00:00Z", to: "2024-01-01T00:00:00Z" } }, "BAD_INPUT input.range"],
    [{ definition: { by: "SENT", gap: "PT30M" } }, "BAD_INPUT input.definition.gap"],
    [{ definition: { by: "SENT", bySource: true } }, "BAD_INPUT input.definition.bySource"],
    [{ definition: { gap: "PT25H" } }, "BAD_INPUT input.definition.gap"],
    [{ definition: { gap: "PT0S" } }, "BAD_INPUT input.definition.gap"],
    [{ definition: { maxLength: "PT30S" } }, "BAD_INPUT input.definition.maxLength"],
    [{ filter: { field: "cuontry", eq: "DE" } }, "BAD_INPUT input.filter.field"],
    [{ where: { entry: { field: "userId", eq: "ada" } } }, "FORBIDDEN input.where.entry.field"],
    [{ where: { has: Array.from({ length: 6 }, () => ({})) } }, "BAD_INPUT input.where.has"],
    [{ where: { minDuration: "PT2S", maxDuration: "PT1S" } }, "BAD_INPUT input.where.minDuration"],
    [{ where: { minEvents: 3, maxEvents: 2 } }, "BAD_INPUT input.where.minEvents"],
    [{ where: { minEvents: 0 } }, "BAD_INPUT input.where.minEvents"],
    [{ where: { converted: true } }, "BAD_INPUT input.where.converted"],
    [{ page: "revenue" }, "BAD_INPUT input.page"],
    [{ currency: "eur" }, "BAD_INPUT input.currency"],
    [{ engagedAfter: "PT0S" }, "BAD_INPUT input.engagedAfter"],
    [{ engagedViews: 0 }, "BAD_INPUT input.engagedViews"],
    [{ idle: "P2D" }, "BAD_INPUT input.idle"],
    [{ granularity: "MINUTE" }, "BAD_INPUT input.granularity"],
    [{ breakdown: ["name", "url", "source", "country"] }, "BAD_INPUT input.breakdown"],
    [{ breakdown: ["source", "source"] }, "BAD_INPUT input.breakdown"],
    [{ breakdown: ["userId"] }, "FORBIDDEN input.breakdown.0"],
    [{ first: 101 }, "BAD_INPUT input.first"],
    [{ levels: [2] }, "BAD_INPUT input.levels"],
    [{ pages: 501 }, "BAD_INPUT input.pages"],
  ])("is refused where %j is wrong, by the place: %s", (input, expected) => {
    expect(refusalOf(() => parseSessionMetrics({ range, ...input }, outsider))).toBe(expected);
  });

  it("takes the cursors it gave out, whatever is in a session's id, and no others", () => {
    for (const id of ["s1", "0.1.a", "ä\nb", "😀"]) {
      const after = formatSessionPlace({ startMs: 1_700_000_000_000, id });
      expect(parseSessionPage({ first: 5, after })).toEqual({ first: 5, after: { startMs: 1_700_000_000_000, id } });
    }
    for (const after of [
      "",
      "x",
      Buffer.from("1.").toString("base64url"),
      formatSessionPlace({ startMs: 1, id: "x".repeat(513) }),
    ])
      expect(refusalOf(() => parseSessionPage({ after }))).toBe("BAD_INPUT after");
    expect(refusalOf(() => parseSessionPage({ first: 101 }))).toBe("BAD_INPUT first");
  });
});
