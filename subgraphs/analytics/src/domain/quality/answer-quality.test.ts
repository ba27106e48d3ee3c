import { describe, expect, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { answerQuality } from "./answer-quality.ts";
import type { KeptExpectation } from "./kept-expectation.ts";
import type { ExpectationOutcome } from "./verdict.ts";

const [HOUR_MS, NOW_MS] = [3_600_000, Date.parse("2026-06-01T12:00:00Z")];
const tenantId = freshTenantId();

const kept = (name: string, event: string | null, outcome: ExpectationOutcome | null, hours = 0): KeptExpectation => {
  const testedAtMs = NOW_MS - hours * HOUR_MS;
  const counts = outcome === "ERROR" ? { tested: null, passed: null } : { tested: 4, passed: 3 };
  const range = { fromMs: testedAtMs - HOUR_MS, toMs: testedAtMs };
  return {
    ...{
      id: name,
      tenantId,
      name,
      version: 2,
      definedBy: "USER:a",
      definedAtMs: 0,
      createdBy: "USER:a",
      createdAtMs: 0,
    },
    content: { event, where: null, expect: { timely: { within: "PT1M" }, atLeast: 1 }, spanMs: HOUR_MS },
    verdict:
      outcome === null ? null : { verdict: outcome, version: 2, testedAtMs, range, atLeast: 1, ...counts, error: null },
  };
};

describe("what the tests of kept expectations say of an answer", () => {
  test.each<[string, readonly KeptExpectation[], readonly string[] | null, string, number]>([
    ["nothing is kept", [], ["buy"], "UNKNOWN", 0],
    ["all pass", [kept("a", "buy", "PASSING"), kept("b", null, "PASSING")], ["buy"], "PASSING", 2],
    ["some had nothing to be tested", [kept("a", "buy", "PASSING"), kept("b", "buy", "UNTESTED")], null, "PASSING", 2],
    ["nothing was tested of any", [kept("a", "buy", "UNTESTED")], null, "UNKNOWN", 1],
    [
      "one fails",
      [kept("a", "buy", "PASSING"), kept("b", null, "FAILING"), kept("c", null, "ERROR")],
      null,
      "FAILING",
      3,
    ],
    [
      "one fails of events that are not read",
      [kept("a", "buy", "PASSING"), kept("b", "view", "FAILING")],
      ["buy"],
      "PASSING",
      1,
    ],
    [
      "one fails of events that may be read",
      [kept("a", "buy", "PASSING"), kept("b", "view", "FAILING")],
      null,
      "FAILING",
      2,
    ],
    ["one could not be tested", [kept("a", "buy", "PASSING"), kept("b", "buy", "ERROR")], null, "UNKNOWN", 2],
    ["one has not been tested yet", [kept("a", "buy", "PASSING"), kept("b", "buy", null)], null, "UNKNOWN", 2],
    ["one was not tested lately", [kept("a", "buy", "PASSING"), kept("b", "buy", "PASSING", 3)], null, "UNKNOWN", 2],
    ["one failed long ago", [kept("a", "buy", "PASSING"), kept("b", "buy", "FAILING", 3)], null, "UNKNOWN", 2],
  ])("where %s", (_where, expectations, names, verdict, about) => {
    expect(answerQuality(expectations, names, NOW_MS)).toMatchObject({ verdict, expectations: about });
  });

  test("names those that fail, and when the one was tested that was tested longest ago", () => {
    const told = answerQuality([kept("a", "buy", "PASSING", 2), kept("b", null, "FAILING", 1)], ["buy"], NOW_MS);
    expect(told).toEqual({
      ...{ verdict: "FAILING", expectations: 2, testedAtMs: NOW_MS - 2 * HOUR_MS },
      failing: [{ id: "b", name: "b", version: 2, event: null, share: 0.75, atLeast: 1, testedAtMs: NOW_MS - HOUR_MS }],
    });
    expect(answerQuality([kept("a", "buy", null)], null, NOW_MS).testedAtMs).toBeNull();
  });
});
