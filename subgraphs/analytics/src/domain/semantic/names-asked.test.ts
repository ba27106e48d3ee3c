import { expect, test } from "@jest/globals";
import { namesAsked } from "./names-asked.ts";

test("names are found in fields, measures, dimensions, functions and matchers, each where it stands, with what computes numbers of it", () => {
  const question = {
    range: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
    measures: [
      {
        function: "SUM",
        of: "properties.amount",
        filter: { and: [{ field: "properties.plan", eq: "properties.no" }] },
      },
      { function: "UNIQUES", of: "properties.sku" },
    ],
    metrics: [{ name: "p90(properties.ms)" }, { name: "uniques(properties.sku)" }, { name: "revenue" }],
    dimensions: ["country", "properties.cart.total"],
    steps: [{ event: { events: ["view", "buy"], filter: { field: "properties.size", gt: 3 } } }],
    filter: {
      or: [
        { field: "name", in: ["signup"] },
        { field: "country", eq: "DE" },
      ],
    },
  };
  expect(
    namesAsked(question, "input").map(({ kind, name, where, numbersBy }) => [kind, name, where, numbersBy]),
  ).toEqual([
    ["PROPERTY", "amount", "input.measures.0.of", "SUM"],
    ["PROPERTY", "plan", "input.measures.0.filter.and.0.field", null],
    ["PROPERTY", "sku", "input.measures.1.of", null],
    ["PROPERTY", "ms", "input.metrics.0.name", "`p90`"],
    ["PROPERTY", "sku", "input.metrics.1.name", null],
    ["PROPERTY", "cart.total", "input.dimensions.1", null],
    ["EVENT", "view", "input.steps.0.event.events.0", null],
    ["EVENT", "buy", "input.steps.0.event.events.1", null],
    ["PROPERTY", "size", "input.steps.0.event.filter.field", "`gt`"],
    ["EVENT", "signup", "input.filter.or.0.in.0", null],
  ]);
});

test("names are found in what a question counts by groups, and in the labels of paths, but in no words of people", () => {
  const asked = {
    unit: { kind: "GROUP", group: "company" },
    label: ["url", "properties.page"],
    groups: [{ label: "properties.x" }],
  };
  expect(namesAsked(asked, "input").map(({ name, where }) => [name, where])).toEqual([
    ["groups.company", "input.unit.group"],
    ["page", "input.label.1"],
  ]);
});

test("what allows the unknown names nothing, and what stands beside it does", () => {
  const asked = { olap: { allowUnknown: true, dimensions: ["properties.a"] }, segments: ["properties.b"] };
  expect(namesAsked(asked, "input").map(({ name }) => name)).toEqual(["b"]);
});

test("values that a dimension is held to are names of events where the dimension is their name, and values elsewhere", () => {
  const held = [
    { dimension: "name", values: ["view", null, "buy"] },
    { dimension: "properties.plan", values: ["properties.pro"] },
  ];
  expect(namesAsked({ where: held }, "").map(({ kind, name, where }) => [kind, name, where])).toEqual([
    ["EVENT", "view", "where.0.values.0"],
    ["EVENT", "buy", "where.0.values.2"],
    ["PROPERTY", "plan", "where.1.dimension"],
  ]);
});
