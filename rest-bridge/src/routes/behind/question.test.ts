import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { behindQuestionSchema, toBehindInput } from "./question.ts";

const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const olap = { input: { range, measures: [{ function: "count" }] }, cell: {} };

describe("a number of an answer, as REST names it", () => {
  const steps = [{ any_of: [{ events: ["view"] }] }];
  const matched = { range, start: {}, returning: {} };
  const active = { range, event: { events: ["view"] } };
  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [
      { olap: { ...olap, cell: { dimensions: ["DE", null], time: range.from, measure: "n" } } },
      {
        olap: {
          input: { range, measures: [{ function: "COUNT" }], dimensions: [] },
          cell: { dimensions: ["DE", null], time: range.from, measure: "n" },
        },
      },
    ],
    [
      {
        funnel: {
          input: { range, steps },
          cell: { step: 1, outcome: "dropped_off", group: { value: null }, entered: range.from, next: { name: null } },
        },
      },
      {
        funnel: {
          input: { range, steps: [{ anyOf: [{ events: ["view"] }] }] },
          cell: { step: 1, outcome: "DROPPED_OFF", group: { value: null }, entered: range.from, next: { name: null } },
        },
      },
    ],
    [
      {
        funnel: {
          input: { range, steps },
          cell: { outcome: "not_converted", finding: { field: "utm_source", value: null, with: false } },
        },
      },
      {
        funnel: {
          input: { range, steps: [{ anyOf: [{ events: ["view"] }] }] },
          cell: { outcome: "NOT_CONVERTED", finding: { field: "utmSource", value: null, with: false } },
        },
      },
    ],
    [
      { funnel: { input: { range, steps }, cell: { step: 1, afterwards: { events: ["a"], ended: true } } } },
      {
        funnel: {
          input: { range, steps: [{ anyOf: [{ events: ["view"] }] }] },
          cell: { step: 1, afterwards: { events: ["a"], ended: true } },
        },
      },
    ],
    [
      {
        retention: {
          input: {
            ...{ ...matched, start_at: "first_ever", kind: "on_or_after", period: "week", clock: "elapsed" },
            ...{ time_zone: "Europe/Berlin", periods: 4, brackets: [0, 2], minimum: 2, split_by: ["utm_source"] },
            ...{ unit: { kind: "field", field: "session_id" }, cohorts: [OTHER_TENANT], as_of: range.to },
          },
          cell: { start: range.from, column: 1, outcome: "returned_so_far", dimensions: [null], cohort: OTHER_TENANT },
          cohort: OTHER_TENANT,
        },
      },
      {
        retention: {
          input: {
            ...{ ...matched, startAt: "FIRST_EVER", kind: "ON_OR_AFTER", period: "WEEK", clock: "ELAPSED" },
            ...{ timeZone: "Europe/Berlin", periods: 4, brackets: [0, 2], minimum: 2, splitBy: ["utmSource"] },
            ...{ unit: { kind: "FIELD", field: "sessionId" }, cohorts: [OTHER_TENANT], asOf: range.to },
          },
          cell: { start: range.from, column: 1, outcome: "RETURNED_SO_FAR", dimensions: [null], cohort: OTHER_TENANT },
          cohort: OTHER_TENANT,
        },
      },
    ],
    [
      { stickiness: { input: { ...active, period: "month", minimum: 2 }, cell: { periods: 2, or_more: true } } },
      { stickiness: { input: { ...active, period: "MONTH", minimum: 2 }, cell: { periods: 2, orMore: true } } },
    ],
    [
      {
        lifecycle: {
          input: { ...active, unit: { kind: "person" }, cohort: OTHER_TENANT, time_zone: "UTC" },
          cell: { start: range.from, state: "dormant" },
        },
      },
      {
        lifecycle: {
          input: { ...active, unit: { kind: "PERSON" }, cohort: OTHER_TENANT, timeZone: "UTC" },
          cell: { start: range.from, state: "DORMANT" },
        },
      },
    ],
    [
      { active_users: { input: active, cell: { day: range.from, window: "weekly" } } },
      { activeUsers: { input: active, cell: { day: range.from, window: "WEEKLY" } } },
    ],
    [
      {
        sessions: {
          input: { range, breakdown: ["utm_source"] },
          cell: { start: range.from, values: [null], outcome: "not_bounced", page: { page: "/", role: "entry" } },
        },
      },
      {
        sessions: {
          input: { range, breakdown: ["utmSource"] },
          cell: { start: range.from, values: [null], outcome: "NOT_BOUNCED", page: { page: "/", role: "ENTRY" } },
        },
      },
    ],
    [
      {
        attribution: {
          input: { range, conversion: {}, touchpoints: [{}], models: [{ kind: "last" }], dimensions: ["utm_source"] },
          cell: {
            outcome: "converted",
            dimension: "utm_source",
            label: "mail",
            role: "assisted",
            model: 0,
            path: ["a"],
          },
        },
      },
      {
        attribution: {
          input: { range, conversion: {}, touchpoints: [{}], models: [{ kind: "LAST" }], dimensions: ["utmSource"] },
          cell: {
            outcome: "CONVERTED",
            dimension: "utmSource",
            label: "mail",
            role: "ASSISTED",
            model: 0,
            path: ["a"],
          },
        },
      },
    ],
    [
      {
        paths: {
          input: { range },
          cell: { outcome: "goes_on", link: { from: { depth: 0, label: "a" }, to: { depth: 1, label: null } } },
        },
      },
      {
        paths: {
          input: { range },
          cell: { outcome: "GOES_ON", link: { from: { depth: 0, label: "a" }, to: { depth: 1, label: null } } },
        },
      },
    ],
  ])("says %j in the graph's words", (of, inGraph) => {
    const { of: taken } = Value.Parse(behindQuestionSchema, { of });
    expect(toBehindInput(taken)).toEqual(inGraph);
  });
});
