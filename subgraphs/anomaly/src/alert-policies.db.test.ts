import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { HOUR_MS, openQuestionWorld, START_MS, type QuestionWorld } from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: QuestionWorld;
beforeAll(() => {
  opened = openQuestionWorld();
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

/** The hour of the first bucket that counts, which the turn an hour later judges. */
const FIRST = 9;
/** Counts by letter, against a bound of 100: in breach, far in breach, held between both bounds, normal, nothing measured. */
const COUNTS: Readonly<Record<string, number | null>> = { B: 150, X: 450, H: 80, ".": 10, "-": null };

/** Policies, a story of hours, and each step that follows: how many hours after the first, why, to which state and severity, and whether it was told or what kept it. */
const CASES: Readonly<Record<string, readonly [object, string, readonly string[]]>> = {
  "k of n": [
    { fire: { k: 2, n: 3 } },
    "B..B.B..",
    [
      "0 BREACHED PENDING WARNING -",
      "5 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "6 RETURNED_LONG_ENOUGH RESOLVED WARNING told",
    ],
  ],
  "a minimum duration": [
    { fire: { minimumDuration: "PT3H" } },
    "BB.BBBB.",
    [
      "0 BREACHED PENDING WARNING -",
      "2 RETURNED_BEFORE_FIRING OK WARNING -",
      "3 BREACHED PENDING WARNING -",
      "5 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "7 RETURNED_LONG_ENOUGH RESOLVED WARNING told",
    ],
  ],
  hysteresis: [
    { clear: { score: 0.5 } },
    "BHHBH.H.",
    ["0 BREACHED_LONG_ENOUGH FIRING WARNING told", "5 RETURNED_LONG_ENOUGH RESOLVED WARNING told"],
  ],
  "k of n to be over": [
    { clear: { k: 2, n: 2 } },
    "B.B...",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 RETURNED RESOLVING WARNING -",
      "2 BREACHED_AGAIN FIRING WARNING -",
      "3 RETURNED RESOLVING WARNING -",
      "4 RETURNED_LONG_ENOUGH RESOLVED WARNING told",
    ],
  ],
  "a quiet time": [
    { clear: { quiet: "PT2H" } },
    "B.B...",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 RETURNED RESOLVING WARNING -",
      "2 BREACHED_AGAIN FIRING WARNING -",
      "3 RETURNED RESOLVING WARNING -",
      "4 RETURNED_LONG_ENOUGH RESOLVED WARNING told",
    ],
  ],
  "nothing measured fires": [
    { noData: { act: "FIRE", afterBuckets: 2, severity: "ERROR" } },
    ".-.---..",
    [
      "1 NO_DATA PENDING ERROR -",
      "2 RETURNED_BEFORE_FIRING OK ERROR -",
      "3 NO_DATA PENDING ERROR -",
      "4 NO_DATA_LONG_ENOUGH FIRING ERROR told",
      "6 RETURNED_LONG_ENOUGH RESOLVED ERROR told",
    ],
  ],
  flapping: [
    { flapping: { changes: 3, window: "PT4H" } },
    "B.B.B.........",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 RETURNED_LONG_ENOUGH RESOLVED WARNING told",
      "2 BREACHED_LONG_ENOUGH FIRING WARNING FLAPPING",
      "2 FLAPPING_BEGAN FIRING WARNING told",
      "3 RETURNED_LONG_ENOUGH RESOLVED WARNING FLAPPING",
      "4 BREACHED_LONG_ENOUGH FIRING WARNING FLAPPING",
      "5 RETURNED_LONG_ENOUGH RESOLVED WARNING FLAPPING",
      "9 FLAPPING_ENDED RESOLVED WARNING told",
    ],
  ],
  "a cap on reminders": [
    { renotify: { every: "PT1H", atMost: 2 } },
    "BBBBBB.",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 RENOTIFIED FIRING WARNING told",
      "2 RENOTIFIED FIRING WARNING told",
      "3 RENOTIFIED FIRING WARNING RENOTIFY_CAP",
      "6 RETURNED_LONG_ENOUGH RESOLVED WARNING told",
    ],
  ],
  "an escalation": [
    { escalation: { after: ["PT1H", "PT2H"] } },
    "BBBBBB.",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 ESCALATED 0 FIRING WARNING told",
      "3 ESCALATED 1 FIRING WARNING told",
      "6 RETURNED_LONG_ENOUGH 1 RESOLVED WARNING told",
    ],
  ],
  "severity by score": [
    { severity: { bands: [{ by: "SCORE", atLeast: 3, severity: "CRITICAL" }] } },
    "BXB.",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 SEVERITY_ROSE FIRING CRITICAL told",
      "3 RETURNED_LONG_ENOUGH RESOLVED CRITICAL told",
    ],
  ],
  "an end by itself": [
    { autoResolve: "PT2H", clear: { k: 5, n: 5 } },
    "B.....",
    [
      "0 BREACHED_LONG_ENOUGH FIRING WARNING told",
      "1 RETURNED RESOLVING WARNING -",
      "2 AUTO_RESOLVED RESOLVED WARNING told",
    ],
  ],
};

const changed = z.object({
  payload: z.object({
    ...{ ruleName: z.string(), group: z.array(z.object({ value: z.string() })), reason: z.string(), to: z.string() },
    ...{ severity: z.string(), notify: z.boolean(), silence: z.string().nullable(), atMs: z.number() },
    escalationStep: z.number().nullable(),
  }),
});

test("Alerts of the evaluator go by their policies: each step in its hour, with its reason, told once or kept for what it says", async () => {
  const tenant = opened.openTenant();
  for (const [name, [alerting, hours]] of Object.entries(CASES)) {
    opened.world.counts.set(name, (hour) => COUNTS[hours[hour - FIRST] ?? "."] ?? null);
    await opened.makeRule(tenant, { name, alerting: { flapping: null, ...alerting } });
  }
  for (let turn = 0; turn < 16; turn += 1) await opened.turn(turn === 0 ? 0 : 1);
  const { rows } = await opened.room.engines.owner.query(
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'alert.changed' ORDER BY transaction_id, sequence",
    [tenant.tenantId],
  );
  const steps = new Map(Object.keys(CASES).map((name): [string, string[]] => [name, []]));
  for (const { payload } of rows.map((row) => changed.parse(row))) {
    const { ruleName, group, reason, to, severity, notify, silence, atMs, escalationStep } = payload;
    if (group[0]?.value !== ruleName) continue;
    const hour = Math.floor((atMs - START_MS) / HOUR_MS) - FIRST - 1;
    const step = escalationStep === null ? "" : ` ${escalationStep}`;
    steps.get(ruleName)?.push(`${hour} ${reason}${step} ${to} ${severity} ${notify ? "told" : (silence ?? "-")}`);
  }
  expect(Object.fromEntries(steps)).toEqual(
    Object.fromEntries(Object.entries(CASES).map(([name, [, , expected]]) => [name, expected])),
  );
});
