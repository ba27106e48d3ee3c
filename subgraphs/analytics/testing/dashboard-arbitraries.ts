import fc from "fast-check";
import type { Box } from "../src/domain/dashboards/document.ts";
import type { Operation } from "../src/domain/dashboards/operation.ts";

/** Ids of the widgets that random edits are about. */
export const WIDGET_IDS = Array.from({ length: 6 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`);

/** A box somewhere on the upper part of the grid. */
export const anyBox: fc.Arbitrary<Box> = fc
  .record({
    width: fc.integer({ min: 1, max: 24 }),
    height: fc.integer({ min: 1, max: 6 }),
    y: fc.integer({ min: 0, max: 12 }),
    across: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ width, height, y, across }) => ({ x: Math.floor(across * (24 - width)), y, width, height }));

const widgetId = fc.constantFrom(...WIDGET_IDS);
const word = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
const after = fc.option(widgetId, { nil: null });

/** Any operation on a few widgets, registers and variables. */
export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  word.map((title): Operation => ({ kind: "SET_TITLE", title })),
  word.map((description): Operation => ({ kind: "SET_DESCRIPTION", description })),
  fc
    .option(word, { nil: null })
    .map((eq): Operation => ({ kind: "SET_FILTER", filter: eq === null ? null : { field: "name", eq } })),
  fc.constantFrom("P1D", "P7D").map((sliding): Operation => ({ kind: "SET_RANGE", range: { sliding } })),
  fc
    .tuple(fc.constantFrom("x", "y"), word)
    .map(([name, value]): Operation => ({ kind: "SET_VARIABLE", variable: { name, type: "TEXT", value, places: [] } })),
  fc.constantFrom("x", "y").map((name): Operation => ({ kind: "REMOVE_VARIABLE", name })),
  {
    weight: 5,
    arbitrary: fc
      .record({ id: widgetId, title: word, box: anyBox, text: word, after })
      .map(({ id, title, box, text, after: anchor }): Operation => ({
        kind: "ADD_WIDGET",
        widget: { id, title, box, content: { kind: "TEXT", text }, chart: null },
        after: anchor === null ? undefined : anchor,
      })),
  },
  { weight: 2, arbitrary: widgetId.map((id): Operation => ({ kind: "REMOVE_WIDGET", widgetId: id })) },
  {
    weight: 4,
    arbitrary: fc.tuple(widgetId, after).map(([id, anchor]): Operation => ({
      ...{ kind: "PLACE_WIDGET", widgetId: id, after: anchor },
    })),
  },
  fc.tuple(widgetId, anyBox).map(([id, box]): Operation => ({ kind: "MOVE_WIDGET", widgetId: id, box })),
  fc.tuple(widgetId, word).map(([id, title]): Operation => ({ kind: "SET_WIDGET_TITLE", widgetId: id, title })),
  fc
    .tuple(widgetId, word)
    .map(([id, text]): Operation => ({ kind: "SET_WIDGET_CONTENT", widgetId: id, content: { kind: "TEXT", text } })),
  fc
    .tuple(widgetId, fc.constantFrom("BAR" as const, "LINE" as const, null))
    .map(([id, chart]): Operation => ({ kind: "SET_WIDGET_CHART", widgetId: id, chart })),
);

/** Edits of two editors in the order in which they reach the server, each made on one of the last versions. */
export const anyEdits = fc.array(
  fc.record({
    by: fc.constantFrom("USER:a", "USER:b"),
    behind: fc.integer({ min: 0, max: 4 }),
    operations: fc.array(anyOperation, { minLength: 1, maxLength: 5 }),
  }),
  { maxLength: 14 },
);
