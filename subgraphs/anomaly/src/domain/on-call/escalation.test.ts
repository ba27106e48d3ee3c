import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { step } from "../alerts/alert-machine.ts";
import { freshAlert, type AlertSignal } from "../alerts/alert-state.ts";
import { policyOf, signalOf, STORY_MS } from "../../testing/alert-stories.ts";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { parseTenantId } from "@tessera/contracts/ids";
import { addressedTo, recipientKey } from "../notify/addressed.ts";
import { checkContacts, checkEscalation, escalationFormOf } from "./check-escalation.ts";
import { escalationTimesOf } from "./escalation-policy.ts";
import { escalationChooser, escalationPlan, type SavedEscalation } from "./escalation.ts";
import { endPageOf, pagesOf } from "./page.ts";

const MINUTE_MS = 60_000;
const PERSON = "0198c0de-0000-4000-8000-000000000001";
const OTHER = "0198c0de-0000-4000-8000-000000000002";
const target = { kind: "PERSON", id: PERSON } as const;

const anyPolicy = fc
  .record({
    first: fc.integer({ min: 0, max: 3 }),
    rest: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    repeats: fc.integer({ min: 0, max: 2 }),
    repeatAfter: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ first, rest, repeats, repeatAfter }) => ({
    ...{ name: "any", repeats, repeatAfterMs: repeatAfter * MINUTE_MS },
    steps: [first, ...rest].map((minutes) => ({ afterMs: minutes * MINUTE_MS, targets: [target] })),
  }));

describe("A plan", () => {
  test("names the moments at which the alert machine tells the steps, as long as nobody looks", () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const alerting = { ...policyOf({ flapping: null }), escalation: escalationTimesOf(policy) };
        let alert = freshAlert(STORY_MS);
        const told: { readonly atMs: number; readonly step: number }[] = [];
        const take = (signal: AlertSignal): void => {
          const stepped = step(alerting, alert, signal);
          ({ alert } = stepped);
          for (const { reason, escalationStep, notify } of stepped.transitions)
            if (notify && escalationStep !== null && (reason === "ESCALATED" || reason === "BREACHED_LONG_ENOUGH"))
              told.push({ atMs: signal.atMs, step: escalationStep });
        };
        const fired = signalOf("B", 1);
        take(fired);
        for (let minute = 1; minute <= 60; minute += 1) take({ kind: "TICK", atMs: fired.atMs + minute * MINUTE_MS });
        const plan = escalationPlan(
          policy,
          fired.atMs,
          () => null,
          () => [],
        );
        expect(plan.map(({ atMs, step: number }) => ({ atMs, step: number }))).toEqual(told);
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("says who is on call when, how they are reached, and where nobody is", () => {
    const contacts = [{ channelId: OTHER, address: null, afterMs: MINUTE_MS }];
    const steps = [
      { afterMs: 0, targets: [target, { kind: "CHANNEL", id: OTHER } as const] },
      { afterMs: MINUTE_MS, targets: [{ kind: "SCHEDULE", id: OTHER } as const] },
    ];
    const plan = escalationPlan(
      { name: "x", steps, repeats: 1, repeatAfterMs: 2 * MINUTE_MS },
      0,
      (_schedule, atMs) => (atMs < 2 * MINUTE_MS ? PERSON : null),
      (person) => (person === PERSON ? contacts : []),
    );
    expect(
      plan.map(({ atMs, repeat, step: number, personId }) => [atMs / MINUTE_MS, repeat, number, personId]),
    ).toEqual([
      [0, 0, 0, PERSON],
      [0, 0, 0, null],
      [1, 0, 1, PERSON],
      [3, 1, 0, PERSON],
      [3, 1, 0, null],
      [4, 1, 1, null],
    ]);
    expect(plan[2]?.contacts).toEqual([{ ...contacts[0], atMs: 2 * MINUTE_MS }]);
  });
});

const saved = (id: string, rank: number, createdAtMs: number, team: string | null): SavedEscalation => ({
  ...{ id, version: 1, createdAtMs, changedAtMs: createdAtMs },
  definition: {
    ...{
      name: id,
      rank,
      steps: [{ afterMs: 0, targets: [target, { kind: "CHANNEL", id: OTHER }] }],
      repeats: 0,
      repeatAfterMs: MINUTE_MS,
    },
    matchers: team === null ? [] : [{ label: "team", operator: "EQUALS", values: [team] }],
  },
});

describe("The escalation of an alert", () => {
  test("is that of the least rank which is for its labels, of equal ones the oldest; or none", () => {
    const choose = escalationChooser([saved("c", 1, 1, null), saved("b", 0, 2, "shop"), saved("a", 0, 3, "shop")]);
    expect(choose({ team: "shop" })?.id).toBe("b");
    expect(choose({ team: "web" })?.id).toBe("c");
    expect(escalationChooser([saved("b", 0, 2, "shop")])({ team: "web" })).toBeNull();
  });

  test("leads to one page for each target of the step that is told, named by transition and target alone", () => {
    const tenantId = parseTenantId("0198c0de-0000-4000-8000-00000000000a");
    if (tenantId === null) throw new Error("A UUID is a tenant's id.");
    const alert = alertOf(tenantId, { escalationStep: 0 });
    const policy = saved("a", 0, 0, null);
    const pages = pagesOf(alert, policy, 5);
    expect(pages.map(({ target: named, dueMs }) => [named.kind, named.id, dueMs])).toEqual([
      ["PERSON", PERSON, 5],
      ["CHANNEL", OTHER, 5],
    ]);
    expect(pagesOf(alert, policy, 9).map(({ id }) => id)).toEqual(pages.map(({ id }) => id));
    expect(new Set(pages.map(({ id }) => id)).size).toBe(2);
    for (const none of [
      { notify: false },
      { escalationStep: null },
      { escalationStep: 7 },
      { to: "RESOLVED" as const },
    ])
      expect(pagesOf({ ...alert, ...none }, policy, 5)).toEqual([]);
    expect(pagesOf(alert, null, 5)).toEqual([]);
    expect(endPageOf(alert, 5)).toBeNull();
    expect(endPageOf({ ...alert, to: "RESOLVED" }, 5)?.target.kind).toBe("TOLD");
    expect(endPageOf({ ...alert, to: "RESOLVING", reason: "ACKNOWLEDGED_BY_CALLER" }, 5)?.target.kind).toBe("TOLD");
  });

  test("is read as it is written, and refused at the place that makes no sense", () => {
    const policy = {
      name: "a",
      matchers: [],
      rank: 3,
      steps: [{ after: "PT0S", targets: [target] }],
      repeats: 1,
      repeatAfter: "PT1800S",
    };
    const checked = checkEscalation(policy);
    expect(checked.valid && escalationFormOf(checked.value)).toEqual({
      ...policy,
      steps: [{ after: "PT0S", targets: [target] }],
    });
    const fieldsOf = (input: object): readonly string[] => {
      const refused = checkEscalation(input);
      return refused.valid ? [] : refused.problems.map(({ field }) => field);
    };
    const severity = [{ label: "severity", operator: "EQUALS", values: ["INFO"] }];
    expect(fieldsOf({ ...policy, matchers: severity })).toEqual(["matchers.0.label"]);
    expect(fieldsOf({ ...policy, rank: -1, steps: [] })).toEqual(["rank", "steps"]);
    const contacts = checkContacts([{ channel: "x", after: "P2D" }]);
    expect(contacts.valid ? [] : contacts.problems.map(({ field }) => field)).toEqual([
      "contacts.0.channel",
      "contacts.0.after",
    ]);
  });
});

test("A channel tells one person at their own address, and only kinds that reach persons do", () => {
  const [ada, inbox] = [
    { personId: PERSON, address: "ada@example.com" },
    { personId: PERSON, address: null },
  ];
  expect(addressedTo({ kind: "EMAIL", recipients: ["all@example.com"] }, ada)).toEqual({
    ...{ kind: "EMAIL", recipients: ["ada@example.com"] },
  });
  expect(addressedTo({ kind: "IN_APP", persons: [] }, inbox)).toEqual({ kind: "IN_APP", persons: [`USER:${PERSON}`] });
  expect(addressedTo({ kind: "EMAIL", recipients: ["all@example.com"] }, inbox)).toBeNull();
  expect(addressedTo({ kind: "TEAMS" }, ada)).toBeNull();
  expect(recipientKey(ada)).not.toBe(recipientKey(inbox));
});
