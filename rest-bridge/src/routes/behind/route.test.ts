import { beforeEach, describe, expect, it } from "@jest/globals";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import type { GraphAnswer } from "../../graph/graph-port.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { countsBehind, eventsBehind, journeysBehind, peopleBehind } from "../../testing/behind-answers.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import {
  behindDescription,
  behindEventsDescription,
  behindJourneysDescription,
  behindPeopleDescription,
} from "./description.ts";

const PATH = "/api/v2/analytics/behind";
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const rateLimit = {};
const olap = { input: { range, measures: [{ function: "count" }] }, cell: {} };

const bridge = bridgeOfTests();
const answering = (data: GraphAnswer["data"]): void => bridge.graph.decide(() => ({ data, rateLimit }));
beforeEach(() => answering(countsBehind));

const asked = (path: string, body: unknown) => bridge.asked(`${PATH}${path}`, "POST", body);
const errorsIn = (schema: TSchema, body: unknown) => [...Value.Errors(schema, body)];

describe("POST /api/v2/analytics/behind", () => {
  it("counts, lists events, people and journeys in REST's words, as the descriptions say; properties stay as they were sent", async () => {
    const counted = await asked("", { of: { olap } });
    expect(counted).toMatchObject({ status: 200, body: { units: 2, people: null, credit: 0.5, credited_value: null } });
    expect(errorsIn(behindDescription.answers[200].schema, counted.body)).toEqual([]);
    answering(eventsBehind(true));
    const listed = await asked("/events", { of: { olap } });
    expect(listed.body).toMatchObject({
      events: [{ id: "e1", utm_source: "mail", user_id: null, properties: { planName: { inDE: 1 } } }],
      next_cursor: "1.e1",
    });
    expect(errorsIn(behindEventsDescription.answers[200].schema, listed.body)).toEqual([]);
    answering(peopleBehind);
    const persons = await asked("/people", { of: { olap } });
    expect(persons.body).toMatchObject({
      people: [{ user_id: "ada", events: 2, first_event: { id: "e1" }, last_event: null }],
      next_cursor: "17",
    });
    expect(errorsIn(behindPeopleDescription.answers[200].schema, persons.body)).toEqual([]);
    answering(journeysBehind(false));
    const gone = await asked("/journeys", { of: { olap } });
    expect(gone.body).toMatchObject({
      journeys: [
        { ended_at: range.from, credited_value: 1, touchpoints: [{ label: "Mail", event: { name: "view" } }] },
      ],
      next_cursor: null,
    });
    expect(errorsIn(behindJourneysDescription.answers[200].schema, gone.body)).toEqual([]);
  });

  it("asks for the page that was asked for, of fifty when nothing is said", async () => {
    answering(eventsBehind(false));
    await asked("/events", { of: { olap }, first: 7, after: "1.e1" });
    await asked("/events", { of: { olap } });
    expect(bridge.graph.calls.map(({ variables }) => variables)).toMatchObject([
      { first: 7, after: "1.e1", people: false },
      { first: 50, after: null },
    ]);
  });

  it("is refused of another tenant, wherever it is named, and before the graph is asked", async () => {
    const inside = { ...olap, input: { ...olap.input, tenant_id: OTHER_TENANT } };
    expect(await asked("", { of: { olap }, tenant_id: OTHER_TENANT })).toMatchObject({ status: 403 });
    expect(await asked("/events", { of: { olap: inside } })).toMatchObject({ status: 403 });
    expect(await asked("/people/ndjson", { of: { olap: inside } })).toMatchObject({ status: 403 });
    expect(bridge.graph.calls).toEqual([]);
  });

  it.each([
    ["", { of: { olap: { input: olap.input } } }, "of.olap.cell"],
    ["", { of: { olap }, first: 3 }, "first"],
    ["/events", { of: { olap }, first: 1_001 }, "first"],
    ["/journeys", { of: { olap }, first: 101 }, "first"],
    ["/events/ndjson", { of: { funnels: {} } }, "of.funnels"],
  ])("refuses what %s does not take, %j, with the field", async (path, body, field) => {
    expect(await asked(path, body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it("calls the graph's complaint by the name the caller used, also where it took the list with it", async () => {
    const complain = (field: string, data: GraphAnswer["data"]): void =>
      bridge.graph.decide(() => ({
        ...{ data, rateLimit },
        errors: [{ message: "Not so.", extensions: { code: "BAD_INPUT", field } }],
      }));
    complain("of.olap.input.filter.and.0.field", null);
    expect(await asked("", { of: { olap } })).toMatchObject({
      ...{ status: 400, body: { field: "of.olap.input.filters.0.field" } },
    });
    complain("of.attribution.cell.model", { behind: { journeys: null } });
    expect(await asked("/journeys", { of: { olap } })).toMatchObject({
      ...{ status: 400, body: { field: "of.attribution.cell.model" } },
    });
  });

  it("has no journeys of other numbers than those of attribution, and says so", async () => {
    answering({ behind: { journeys: null } });
    expect(await asked("/journeys", { of: { olap } })).toMatchObject({ status: 400, body: { field: "of" } });
  });
});
