import { describe, expect, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import fc from "fast-check";
import { alertStep, newIncidentId, STORY_MS, STORY_TENANT } from "../../testing/incident-stories.ts";
import { referenceIncidents, type Happening } from "../../testing/reference-incidents.ts";
import type { Inhibition } from "../silences/inhibition.ts";
import { changesOf, openBook, tellIncident, type BookChanges, type StoredBook } from "./incident-book.ts";
import { dueAt } from "./incident-machine.ts";
import { checkIncidentPolicies, type IncidentPolicy } from "./incident-policy.ts";
import { INCIDENT_LIMITS, type Incident, type IncidentEntry, type IncidentLink, type Sign } from "./incident.ts";
import { takeAlert } from "./take-alert.ts";

const MINUTE = 60_000;

const policiesOf = (input: unknown): readonly IncidentPolicy[] => {
  const checked = checkIncidentPolicies(input);
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  return checked.value;
};

/** Keeps what a store keeps: it is read for each batch, and written with what followed or not at all. */
const openMemory = (policies: readonly IncidentPolicy[], inhibitions: readonly Inhibition[] = []) => {
  const incidents = new Map<string, Incident>();
  const signs = new Map<string, Sign>();
  const entries: IncidentEntry[] = [];
  const links: IncidentLink[] = [];
  const read = (named: readonly string[]): StoredBook => ({
    ...{ policies, inhibitions, lastNumber: incidents.size },
    incidents: [...incidents.values()].filter(({ state }) => state !== "CLOSED"),
    signs: [...signs.values()].filter(({ state, anomalyId }) => state === "OPEN" || named.includes(anomalyId)),
  });
  const keep = (changes: BookChanges): void => {
    for (const one of changes.incidents) incidents.set(one.id, one);
    for (const one of changes.signs) signs.set(one.anomalyId, one);
    entries.push(...changes.entries);
    links.push(...changes.links);
  };
  /** Takes what happens at once; a crash keeps nothing of it. */
  const take = (batch: readonly Happening[], crashes = false): void => {
    for (const { nowMs, alert } of batch) {
      const book = openBook(STORY_TENANT, read(alert === null || alert.anomalyId === null ? [] : [alert.anomalyId]), {
        nowMs,
        newId: newIncidentId,
      });
      if (alert === null)
        for (const { id } of [...book.incidents.values()].filter((one) => (dueAt(one) ?? Infinity) <= nowMs))
          while (tellIncident(book, id, { kind: "TICK", atMs: nowMs }));
      else takeAlert(book, alert);
      if (!crashes) keep(changesOf(book));
    }
  };
  return { take, incidents, signs, entries, links, all: () => [...incidents.values()] };
};

const DEFAULTS = [{ name: "all", within: "PT3M", resolveAfter: "PT2M", reopenWithin: "PT4M" }];
const fire = (anomaly: number, minute: number, more: Partial<AlertChanged> = {}): Happening => ({
  nowMs: STORY_MS + minute * MINUTE,
  alert: alertStep(anomaly, { atMs: STORY_MS + minute * MINUTE, ...more }),
});
const end = (anomaly: number, minute: number, more: Partial<AlertChanged> = {}): Happening =>
  fire(anomaly, minute, { from: "RESOLVING", to: "RESOLVED", reason: "RETURNED_LONG_ENOUGH", ...more });
const time = (minute: number): Happening => ({ nowMs: STORY_MS + minute * MINUTE, alert: null });

/** What happens in a random story: any step of any of six alerts in any order, also what comes too late, and time that passes. */
const story = fc
  .array(
    fc.record({
      anomaly: fc.integer({ min: 1, max: 6 }),
      what: fc.constantFrom("fire", "fire", "fire", "silenced", "ack", "end", "end", "ended", "time"),
      waits: fc.constantFrom(0, 1, 1, 2, 5),
      late: fc.integer({ min: 0, max: 4 }),
    }),
    { maxLength: 40 },
  )
  .map((words): readonly Happening[] => {
    let nowMs = STORY_MS;
    return words.map(({ anomaly, what, waits, late }): Happening => {
      nowMs += waits * MINUTE;
      if (what === "time") return { nowMs, alert: null };
      const labels = { shop: anomaly % 2 === 0 ? "a" : "b", team: anomaly % 3 === 0 ? "x" : "y" };
      const same = { labels, atMs: nowMs - late * MINUTE };
      const steps: Record<string, Partial<AlertChanged>> = {
        silenced: { notify: false, silence: "MAINTENANCE" },
        ack: { from: "FIRING", to: "ACKNOWLEDGED", reason: "ACKNOWLEDGED_BY_CALLER" },
        end: { from: "RESOLVING", to: "RESOLVED", reason: "RETURNED_LONG_ENOUGH" },
        ended: { from: "FIRING", to: "RESOLVED", reason: "RESOLVED_BY_CALLER" },
      };
      return { nowMs, alert: alertStep(anomaly, { ...same, ...steps[what] }) };
    });
  });

const policies = fc
  .record({
    matched: fc.boolean(),
    groupBy: fc.constantFrom([], ["shop"], ["shop", "team"]),
    count: fc.integer({ min: 1, max: 3 }),
    within: fc.constantFrom("PT1M", "PT3M", "PT1H"),
    resolveAfter: fc.constantFrom("PT0S", "PT2M"),
    reopenWithin: fc.constantFrom("PT0S", "PT4M", "PT1H"),
  })
  .map(({ matched, ...same }) =>
    policiesOf([
      { ...same, name: "first", matchers: matched ? [{ label: "team", operator: "EQUALS", values: ["x"] }] : [] },
      { name: "second", resolveAfter: "PT1M" },
    ]),
  );

const seen = (memory: ReturnType<typeof openMemory>) =>
  memory.all().map(({ id, state, openedAtMs, acknowledgedAtMs, resolvedAtMs, timesReopened }) => ({
    members: [...memory.signs.values()]
      .filter(({ incidentId }) => incidentId === id)
      .map(({ anomalyId }) => anomalyId)
      .toSorted(),
    ...{ state, openedAtMs, acknowledgedAtMs, resolvedAtMs, timesReopened },
  }));
const byMembers = (a: { members: readonly string[] }, b: { members: readonly string[] }): number =>
  a.members.join() < b.members.join() ? -1 : 1;

describe("alerts become incidents", () => {
  test("as the definition says, in whatever order their steps are read", () => {
    fc.assert(
      fc.property(policies, story, (rules, happens) => {
        const memory = openMemory(rules);
        memory.take(happens);
        const expected = referenceIncidents(happens, rules).map(({ members, cause: _cause, ...same }) => ({
          members: members.toSorted(),
          ...same,
        }));
        expect(seen(memory).toSorted(byMembers)).toEqual(expected.toSorted(byMembers));
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test("never twice for one cause, and never merged: each alert stays where it joined", () => {
    fc.assert(
      fc.property(policies, story, (rules, happens) => {
        const memory = openMemory(rules);
        const joined = new Map<string, string>();
        for (const one of happens) {
          memory.take([one]);
          const live = memory
            .all()
            .filter(({ state }) => state !== "CLOSED")
            .map(({ groupKey }) => groupKey);
          expect(new Set(live).size).toBe(live.length);
          for (const { anomalyId, incidentId } of memory.signs.values()) {
            if (joined.has(anomalyId)) expect(incidentId).toBe(joined.get(anomalyId));
            else if (incidentId !== null) joined.set(anomalyId, incidentId);
          }
        }
        expect(memory.all().map(({ number }) => number)).toEqual(memory.all().map((_one, place) => place + 1));
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  test("the same after crashes between taking a batch and keeping it", () => {
    fc.assert(
      fc.property(
        policies,
        story,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        (rules, happens, crashes) => {
          const [calm, shaken] = [openMemory(rules), openMemory(rules)];
          calm.take(happens);
          happens.forEach((one, place) => {
            if (crashes[place] === true) shaken.take([one], true);
            shaken.take([one]);
          });
          expect(seen(shaken)).toEqual(seen(calm));
          expect(shaken.entries.map(({ kind, text }) => [kind, text])).toEqual(
            calm.entries.map(({ kind, text }) => [kind, text]),
          );
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe("what people are told of decides", () => {
  test("an alert in maintenance opens nothing until it is told of", () => {
    const memory = openMemory(policiesOf(DEFAULTS));
    memory.take([fire(1, 0, { notify: false, silence: "MAINTENANCE" })]);
    expect(memory.all()).toEqual([]);
    memory.take([fire(1, 3, { from: "FIRING", reason: "SILENCE_ENDED" })]);
    expect(memory.all()).toMatchObject([{ state: "TRIGGERED", number: 1, title: "all: rule 1" }]);
  });

  test("the second of one cause joins, worse raises the severity, and another value of a label is another cause", () => {
    const memory = openMemory(policiesOf([{ name: "shops", groupBy: ["shop"] }]));
    memory.take([
      fire(1, 0, { labels: { shop: "a" }, severity: "WARNING" }),
      fire(2, 1, { labels: { shop: "a" }, severity: "CRITICAL" }),
    ]);
    memory.take([fire(3, 2, { labels: { shop: "b" } })]);
    expect(memory.all().map(({ title, severity }) => [title, severity])).toEqual([
      ["shops: shop a", "CRITICAL"],
      ["shops: shop b", "ERROR"],
    ]);
    expect(memory.entries.map(({ kind }) => kind)).toEqual([
      ...["OPENED", "ALERT_JOINED", "ALERT_JOINED", "SEVERITY_CHANGED", "OPENED", "ALERT_JOINED"],
    ]);
  });

  test("children of a parent wait for its incident and join it, but don't keep it open", () => {
    const down = {
      source: [{ label: "rule", operator: "EQUALS", values: ["down"] }],
      target: [{ label: "team", operator: "EQUALS", values: ["shop"] }],
      equal: ["shop"],
    } as const satisfies Inhibition;
    const memory = openMemory(policiesOf(DEFAULTS), [down]);
    const child = { labels: { team: "shop", shop: "a" }, notify: false, silence: "INHIBITED" };
    memory.take([fire(1, 0, child), fire(2, 0, { ...child, labels: { team: "shop", shop: "b" } })]);
    expect(memory.all()).toEqual([]);
    memory.take([fire(3, 1, { labels: { rule: "down", shop: "a" } })]);
    expect(seen(memory)).toMatchObject([{ members: [1, 3].map((one) => alertStep(one).anomalyId) }]);
    memory.take([end(3, 2), time(4)]);
    expect(memory.all()).toMatchObject([{ state: "RESOLVED" }]);
  });
});

describe("incidents that are alike", () => {
  test("are linked with a score and reasons, and stay two", () => {
    const memory = openMemory(policiesOf([{ name: "shops", groupBy: ["rule"] }]));
    const labels = { team: "shop", country: "DE" };
    memory.take([fire(1, 0, { labels: { ...labels, rule: "a" } }), fire(2, 6, { labels: { ...labels, rule: "b" } })]);
    memory.take([fire(3, 7, { labels: { rule: "c", team: "other" } })]);
    expect(memory.links).toMatchObject([{ score: 0.77, reasons: ["SAME_LABELS", "SAME_TIME"], by: null }]);
    expect(memory.all().map(({ state }) => state)).toEqual(["TRIGGERED", "TRIGGERED", "TRIGGERED"]);
  });
});

describe("a timeline", () => {
  test("takes what alerts say up to its bound, counts what is beyond, and still tells where the incident goes", () => {
    const memory = openMemory(policiesOf(DEFAULTS));
    memory.take([fire(1, 0)]);
    const steps = Array.from({ length: INCIDENT_LIMITS.entries }, (_none, place) =>
      fire(1, 1 + place / 100, { from: "FIRING", reason: "RENOTIFIED" }),
    );
    memory.take([...steps, end(1, 20), time(30)]);
    const [incident] = memory.all();
    expect(incident).toMatchObject({ state: "CLOSED", dropped: 3 });
    expect(memory.entries).toHaveLength(INCIDENT_LIMITS.entries + 2);
  });
});
