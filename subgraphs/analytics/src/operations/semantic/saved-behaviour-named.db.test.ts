import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { BOX } from "../../../testing/dashboard-room.ts";
import { at, buy, LATER, RANGE, view } from "../../../testing/saved-questions.ts";
import { DEFINITIONS, openSavedRoom } from "../../../testing/saved-room.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let room: Awaited<ReturnType<typeof openSavedRoom>>;
beforeAll(async () => {
  room = await openSavedRoom();
});
afterAll(() => room.close());

describe("what names saved queries takes those of every kind", () => {
  const WIDGETS = `query ($id: ID!, $filter: EventFilterInput, $range: TimeRangeInput) { dashboardData(id: $id, filter: $filter, range: $range) {
    widgets { error { code detail } answer { __typename ... on FunnelAnswer { result { entered } ${DEFINITIONS} } } } } }`;
  const widgets = z.object({
    dashboardData: z.object({
      widgets: z.array(
        z.object({
          error: z.null(),
          answer: z.looseObject({ __typename: z.string(), result: z.object({ entered: z.number() }).optional() }),
        }),
      ),
    }),
  });

  test("a widget asks it by its name, with the dashboard's range and filter, and suggests the chart of its kind", async () => {
    const question = { range: RANGE, window: "P1D", steps: [{ anyOf: [view] }, { anyOf: [buy] }] };
    await room.save("shop_funnel", "FUNNEL", question);
    const id = await room.create(room.caller);
    const widget = { id: randomUUID(), title: "F", box: BOX, question: { savedQuery: { name: "shop_funnel" } } };
    await room.edit(room.caller, id, 1, [{ addWidget: widget }]);
    const chart = `query ($id: ID!) { dashboard(id: $id) { widgets { question { kind suggestion { chart } } } } }`;
    expect(await room.ask(chart, { id })).toEqual({
      dashboard: { widgets: [{ question: { kind: "SAVED_QUERY", suggestion: { chart: "FUNNEL" } } }] },
    });
    const shown = async (more: object) =>
      widgets.parse(await room.ask(WIDGETS, { id, ...more })).dashboardData.widgets[0]?.answer;
    const entered = async (more: object) =>
      z
        .object({ result: z.object({ entered: z.number() }) })
        .parse(await room.answerTo("FUNNEL", { ...question, ...more })).result;
    const filter = { field: "country", eq: "DE" };
    const narrowed = {
      steps: question.steps.map(({ anyOf }) => ({ anyOf: anyOf.map((one) => ({ ...one, filter })) })),
    };
    expect(await shown({})).toMatchObject({ __typename: "FunnelAnswer", result: await entered({}) });
    expect(await shown({ filter, range: LATER })).toMatchObject({
      result: await entered({ ...narrowed, range: LATER }),
      provenance: { definitions: [{ kind: "SAVED_QUERY", name: "shop_funnel", version: 1 }] },
    });
  });

  const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { value series { group { name value } values } ${DEFINITIONS} } }`;
  const EXPLAIN = `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome actual expected slices { conditions { dimension values } actual } ${DEFINITIONS} } }`;
  const plain = (answer: unknown): unknown =>
    JSON.parse(JSON.stringify(answer, (key, value: unknown) => (key === "provenance" ? undefined : value)));

  test("a rule watches it as series, by the versions that it is pinned to, and what explains it does so too", async () => {
    const question = room.asked("RETENTION", "dimensions.land");
    await room.save("pinned_return", "RETENTION", question, true);
    const days = { ...RANGE, granularity: "DAY" };
    const series = (of: object) => room.ask(WATCH, { input: { question: of, ...days, value: { name: "size" } } });
    const spans = { from: at(72), to: at(96), value: { name: "size", period: 0 }, dimensions: ["device"] };
    const change = (of: object) => room.ask(EXPLAIN, { input: { question: of, ...spans } });
    const [then, changed] = [await series({ retention: question }), await change({ retention: question })];
    await room.land("LOWER");
    const now = await series({ savedQuery: { name: "pinned_return" } });
    expect(plain(now)).toEqual(plain(then));
    expect(plain(await series({ retention: question }))).not.toEqual(plain(then));
    const told = [
      { kind: "SAVED_QUERY", name: "pinned_return", version: 1 },
      { kind: "DIMENSION", name: "land", version: expect.any(Number) },
    ];
    expect(now).toMatchObject({ watchedSeries: { provenance: { definitions: told } } });
    const explained = await change({ savedQuery: { name: "pinned_return" } });
    expect(plain(explained)).toEqual(plain(changed));
    expect(explained).toMatchObject({ explainChange: { provenance: { definitions: expect.arrayContaining(told) } } });
    await room.land("UPPER");
  });

  test("a rule watches a saved life cycle by the periods that it is told of, and no others", async () => {
    await room.save("weekly", "LIFECYCLE", { range: RANGE, event: view, period: "WEEK" });
    await room.save("daily", "LIFECYCLE", { range: RANGE, event: view, period: "DAY" });
    const input = (name: string) => ({
      ...{ question: { savedQuery: { name } }, ...RANGE, granularity: "DAY", value: { name: "fresh" } },
    });
    expect(await room.ask(WATCH, { input: input("daily") })).toMatchObject({ watchedSeries: { value: "fresh" } });
    const { errors } = await room.answer(room.caller, WATCH, { input: input("weekly") });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "input.granularity" });
  });
});
