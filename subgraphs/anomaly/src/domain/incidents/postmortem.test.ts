import { describe, expect, test } from "@jest/globals";
import { parseAnomalyId, parseIncidentId, parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import type { Impact } from "../explain/impact.ts";
import type { Incident, Sign } from "./incident.ts";
import { postmortemOf } from "./postmortem.ts";

const known = <Id>(parse: (text: string) => Id | null, last: number): Id => {
  const id = parse(`0195e2a0-0000-7000-8000-${String(last).padStart(12, "0")}`);
  if (id === null) throw new Error("It is an id.");
  return id;
};
const incident: Incident = {
  ...{ tenantId: known(parseTenantId, 1), id: known(parseIncidentId, 2), number: 7, groupKey: "k", policy: "Shop" },
  ...{ labels: {}, title: "Shop", state: "RESOLVED", severity: "ERROR", worstAlert: "ERROR", roles: [], status: null },
  ...{ beganAtMs: 0, openedAtMs: 1_000, acknowledgedAtMs: null, mitigatedAtMs: null, resolvedAtMs: 61_000 },
  ...{ closedAtMs: null, quietSinceMs: null, resolveAfterMs: 1, reopenWithinMs: 1, timesReopened: 0 },
  ...{ entries: 0, dropped: 0, version: 1 },
};
const sign = (place: number): Sign => ({
  ...{ anomalyId: known(parseAnomalyId, 10 + place), ruleId: known(parseRuleId, 3), ruleName: "Errors" },
  ...{ fingerprint: "f", incidentId: incident.id, policy: "Shop", groupKey: "k", labels: {}, severity: "ERROR" },
  ...{ state: "OVER", acknowledged: false, told: true, inhibited: false, firedAtMs: 0, overAtMs: 1 },
});
const told = (impacts: readonly (Impact | null)[]) => {
  const signs = impacts.map((_impact, place) => sign(place));
  const seen = new Map(
    signs.map(({ anomalyId }, place) => [anomalyId, { because: "more", impact: impacts[place] ?? null }] as const),
  );
  return postmortemOf({ incident, entries: [], signs, links: [], seen });
};

describe("the impact in a postmortem", () => {
  test("is the greatest that one of its alerts had, of people and of each currency: nobody is counted twice", () => {
    const people = (amount: number): Impact => ({ amount, currency: null });
    const { markdown, json } = told([people(40), people(1_200), null, { amount: 30.126, currency: "EUR" }]);
    expect(json["impact"]).toEqual([people(1_200), { amount: 30.126, currency: "EUR" }]);
    expect(json["alerts"]).toMatchObject([{ impact: people(40) }, {}, { impact: null }, {}]);
    expect(markdown).toContain(
      "## Impact\n\n- At least 1200 people: the greatest that one alert told of when it began.\n- At least 30.13 EUR: the greatest",
    );
  });

  test("is left to people where no alert knows of any", () => {
    const { markdown, json } = told([null]);
    expect(json["impact"]).toEqual([]);
    expect(markdown).toContain("## Impact\n\n## Root cause");
  });
});
