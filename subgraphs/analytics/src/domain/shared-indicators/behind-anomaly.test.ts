import { expect, test } from "@jest/globals";
import { entityBehind } from "./behind-anomaly.ts";

const velocity = { by: "device", event: {}, within: "PT1H", moreThan: 5 };
const group = [{ name: "device", value: "a device" }];

test.each([
  ["true, of one entity", { verdict: "TRUE", question: { velocity }, group }, { field: "device", value: "a device" }],
  [
    "of a question without others' reports",
    { verdict: "TRUE", question: { velocity: { ...velocity, reported: null } }, group },
    { field: "device", value: "a device" },
  ],
  ["false", { verdict: "FALSE", question: { velocity }, group }, null],
  ["taken back", { verdict: null, question: { velocity }, group }, null],
  ["of all entities together", { verdict: "TRUE", question: { velocity }, group: [] }, null],
  [
    "of events without the field",
    { verdict: "TRUE", question: { velocity }, group: [{ name: "device", value: null }] },
    null,
  ],
  ["of what others reported", { verdict: "TRUE", question: { velocity: { ...velocity, reported: {} } }, group }, null],
  ["of another question", { verdict: "TRUE", question: { olap: { dimensions: ["device"] } }, group }, null],
  ["of a metric", { verdict: "TRUE", question: null, group }, null],
] as const)("what is behind an anomaly that is %s", (_what, judged, expected) => {
  expect(entityBehind(judged)).toEqual(expected);
});
