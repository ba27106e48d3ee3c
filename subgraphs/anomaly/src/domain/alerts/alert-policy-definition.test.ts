import { describe, expect, test } from "@jest/globals";
import { alertPolicyDefinitionOf, checkAlertPolicy } from "./alert-policy-definition.ts";

describe("An alert policy", () => {
  test("of nothing fires on the first breach, ends on the first normal bucket, minds flapping, and disturbs nobody twice", () => {
    expect(checkAlertPolicy({})).toEqual({
      valid: true,
      value: {
        fire: { k: 1, n: 1, score: 1, minimumDurationMs: 0 },
        clear: { k: 1, n: 1, score: 1, quietMs: 0 },
        noData: { act: "KEEP", afterBuckets: 3, severity: "WARNING" },
        flapping: { changes: 6, windowMs: 3_600_000 },
        renotify: null,
        escalation: null,
        severity: { base: "WARNING", bands: [] },
        autoResolveMs: null,
      },
    });
  });

  test("is read as it was written", () => {
    const definition = {
      fire: { k: 3, n: 5, score: 1.5, minimumDuration: "PT10M" },
      clear: { k: 2, n: 2, score: 0.8, quiet: "PT1H" },
      noData: { act: "FIRE", afterBuckets: 4, severity: "ERROR" },
      renotify: { every: "PT2H" },
      escalation: { after: ["PT0S", "PT15M"], repeats: 2 },
      severity: { bands: [{ by: "IMPACT", atLeast: 100, severity: "CRITICAL" }] },
      autoResolve: "P1D",
    };
    const checked = checkAlertPolicy(definition);
    expect(checked).toMatchObject({
      valid: true,
      value: { autoResolveMs: 86_400_000, escalation: { afterMs: [0, 900_000] } },
    });
    if (checked.valid) expect(checkAlertPolicy(alertPolicyDefinitionOf(checked.value))).toEqual(checked);
  });

  test.each([
    ["fire.k", { fire: { k: 3, n: 2 } }],
    ["clear.k", { clear: { k: 2 } }],
    ["clear.score", { fire: { score: 1 }, clear: { score: 1.1 } }],
    ["fire.n", { fire: { n: 101 } }],
    ["fire.minimumDuration", { fire: { minimumDuration: "P1M" } }],
    ["fire.minimumDuration", { fire: { minimumDuration: "P32D" } }],
    ["noData.act", { noData: { act: "SHRUG" } }],
    ["flapping.changes", { flapping: { changes: 2 } }],
    ["renotify.every", { renotify: { every: "PT30S" } }],
    ["renotify.atMost", { renotify: { atMost: 101 } }],
    ["escalation.after", { escalation: { after: [] } }],
    ["escalation.after.1", { escalation: { after: ["PT0S", "PT0S"] } }],
    ["escalation.after.0", { escalation: { after: ["PT1S"] } }],
    ["escalation.repeats", { escalation: { after: ["PT0S"], repeats: 10 } }],
    ["severity.bands.0.atLeast", { severity: { bands: [{ by: "SCORE", atLeast: -1, severity: "INFO" }] } }],
    ["autoResolve", { autoResolve: "PT0S" }],
  ])("that makes no sense is refused for its %s (%j)", (field, definition) => {
    const checked = checkAlertPolicy(definition);
    expect(checked.valid ? [] : checked.problems.map((problem) => problem.field)).toContain(field);
  });
});
