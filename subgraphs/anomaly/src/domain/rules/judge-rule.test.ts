import { expect, test } from "@jest/globals";
import { observationsOf } from "../../../testing/series-arbitraries.ts";
import { checkDetectorDefinition } from "../detectors/detector-definition.ts";
import { judgeRule } from "./judge-rule.ts";

test("What weighed in another series of the rule is told by what that series is of, and its own bucket without", () => {
  const checked = checkDetectorDefinition({ kind: "PEERS", compare: "VALUES", minimumPeers: 3 });
  if (!checked.valid) throw new Error("refused");
  const toJudge = [10, 11, 12, 13, 90].map((value, place) => ({
    series: {
      ...{ fingerprint: `series ${place}`, group: [{ name: "country", value: `C${place}` }] },
      ...{ detector: null, recent: [], seenAtMs: 0, alert: null, anomalyId: null },
    },
    buckets: observationsOf([value]).map((observation) => ({ kind: "HELD" as const, observation })),
  }));
  const [outcome] = judgeRule(checked.value, toJudge, 0).at(-1)?.outcomes ?? [];
  const finding = outcome?.kind === "JUDGED" ? outcome.bucket.finding : null;
  expect(finding?.outcome).toBe("ANOMALOUS");
  expect(finding?.weighed[0]).toEqual({ atMs: expect.any(Number), share: 0.5 });
  const others = finding?.weighed.slice(1).flatMap(({ group }) => group?.map(({ value }) => value) ?? []);
  expect(others?.toSorted()).toEqual(["C0", "C1", "C2", "C3"].filter((name) => others?.includes(name)));
  expect(others?.length).toBeGreaterThan(0);
});
