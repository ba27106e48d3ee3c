import { describe, expect, it } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { executionOf } from "../testing/executions.ts";
import { sightingsOfExecution, sightingsOfFailure } from "./abuse-sightings.ts";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");

describe("what is watched", () => {
  const tenantId = freshTenantId();
  it("an execution counts what it cost in points: its own, or its work's when that is more", () => {
    const costOf = (usage: object) =>
      sightingsOfExecution(executionOf(tenantId, { usage })).map(({ observation: seen }) => seen);
    expect(costOf({ costPoints: 7, rowsRead: 100_000 })).toMatchObject([{ measure: "COST", amount: 7 }]);
    expect(costOf({ costPoints: 7, storeMs: 500 })).toMatchObject([{ measure: "COST", amount: 50 }]);
  });

  it("refused executions, changes and the platform's own processes read no pages", () => {
    const seen = (parts: Parameters<typeof executionOf>[1]) =>
      sightingsOfExecution(executionOf(tenantId, { page: "p", objects: ["a", "b"], ...parts })).filter(
        ({ observation: { measure } }) => measure === "PAGES",
      );
    expect(seen({})).toHaveLength(3);
    expect(seen({ decision: "REFUSED" })).toEqual([]);
    expect(seen({ kind: "MUTATION" })).toEqual([]);
    expect(seen({ subject: { kind: "SERVICE", id: "x" } })).toEqual([]);
  });

  it("a wrong key counts for its address and for the network around it", () => {
    const failure = { failureId: "", address: "2001:db8:1:2::9", guess: "UNKNOWN_KEY", tried: "t", atMs: NOW } as const;
    expect(sightingsOfFailure(failure).map(({ source }) => source)).toEqual([
      { kind: "ADDRESS", id: "2001:db8:1:2::/64" },
      { kind: "NETWORK", id: "2001:db8:1::/48" },
    ]);
    expect(sightingsOfFailure({ ...failure, address: "nowhere" })).toEqual([]);
  });
});
