import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { ALL, ANSWERED, askedBy, at, KINDS, LATER, RANGE, view } from "../../../testing/saved-questions.ts";
import { openSavedRoom, SAVE } from "../../../testing/saved-room.ts";
import { QUESTION_KINDS, type BehaviourKind } from "../../domain/dashboards/question.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let room: Awaited<ReturnType<typeof openSavedRoom>>;
beforeAll(async () => {
  room = await openSavedRoom();
});
afterAll(() => room.close());

describe("a saved query", () => {
  test("may be a question of every kind", () => {
    expect([...ALL, "OLAP", "TIME_SERIES", "SAVED_QUERY"].toSorted()).toEqual(QUESTION_KINDS.toSorted());
  });

  test.each(ANSWERED)(
    "of %s answers as the question does, over its own range and another, in any version",
    async (kind) => {
      const name = `q_${kind.toLowerCase()}`;
      const first = await room.save(name, kind, room.asked(kind, "country"));
      expect(first).toMatchObject({ changed: true, savedQuery: { kind, version: 1, pins: null } });
      expect(first.savedQuery.question).toMatchObject(room.asked(kind, "country"));
      expect(await room.save(name, kind, room.asked(kind, "country"))).toMatchObject({ changed: false });
      const { id } = first.savedQuery;
      const own = await room.answerTo(kind, room.asked(kind, "country"));
      expect(await room.run(kind, id)).toEqual({ answer: own, told: [`SAVED_QUERY ${name} 1`] });
      expect((await room.run(kind, id, { range: LATER })).answer).toEqual(
        await room.answerTo(kind, room.asked(kind, "country", LATER)),
      );
      expect(await room.save(name, kind, room.asked(kind, "country", LATER))).toMatchObject({
        savedQuery: { version: 2 },
      });
      expect(await room.run(kind, id, { version: 1 })).toEqual({ answer: own, told: [`SAVED_QUERY ${name} 1`] });
    },
  );

  test("is answered by what its names stood for when it was pinned, another by what they stand for now", async () => {
    const kinds = ANSWERED.filter((kind) => KINDS[kind].plain !== true);
    const by = (kind: BehaviourKind) => room.asked(kind, "dimensions.land");
    const each = async <T>(work: (kind: BehaviourKind) => Promise<T>): Promise<readonly T[]> => {
      const all: T[] = [];
      for (const kind of kinds) all.push(await work(kind));
      return all;
    };
    const pinned = await each((kind) => room.save(`pinned_${kind}`, kind, by(kind), true));
    const latest = await each((kind) => room.save(`latest_${kind}`, kind, by(kind)));
    const pins = [{ kind: "DIMENSION", name: "land", version: 1 }];
    expect(pinned.map(({ savedQuery }) => savedQuery.pins)).toEqual(kinds.map(() => pins));
    const then = await each((kind) => room.answerTo(kind, by(kind)));
    await room.land("LOWER");
    const now = await each((kind) => room.answerTo(kind, by(kind)));
    for (const [place, kind] of kinds.entries()) {
      const [held_, free] = [pinned[place]?.savedQuery.id ?? "", latest[place]?.savedQuery.id ?? ""];
      expect(await room.run(kind, held_)).toEqual({
        answer: then[place],
        told: expect.arrayContaining([`SAVED_QUERY pinned_${kind} 1`, "DIMENSION land 1"]),
      });
      expect(await room.run(kind, free)).toEqual({
        answer: now[place],
        told: expect.arrayContaining([`SAVED_QUERY latest_${kind} 1`, "DIMENSION land 2"]),
      });
    }
    expect(now).not.toEqual(then);
    await room.land("UPPER");
  });

  test("that is a funnel by segments is pinned to them, keeps them from being archived, and outlives their next version", async () => {
    const input = { range: RANGE, steps: [{ anyOf: [view] }], breakdown: { segments: [{ name: "german" }] } };
    const { savedQuery } = await room.save("by_segment", "FUNNEL", input, true);
    expect(savedQuery.pins).toEqual([
      { kind: "SEGMENT", name: "german", version: 1 },
      { kind: "DIMENSION", name: "land", version: expect.any(Number) },
    ]);
    const then = await room.answerTo("FUNNEL", input);
    await room.german("US");
    expect(await room.answerTo("FUNNEL", input)).not.toEqual(then);
    expect((await room.run("FUNNEL", savedQuery.id)).answer).toEqual(then);
    const segment = z
      .object({ segment: z.object({ id: z.string() }) })
      .parse(await room.ask(`{ segment(name: "german") { id } }`)).segment.id;
    const archive = `mutation ($id: ID!) { archiveDefinition(id: $id) { ... on DefinitionInUse { usedBy { ... on SavedQuery { name } } } } }`;
    expect(await room.ask(archive, { id: segment })).toEqual({
      archiveDefinition: { usedBy: [{ name: "by_segment" }] },
    });
    await room.german("DE");
  });

  test("keeps the cohorts that it names, by a filter, a breakdown or as what it is about, from being deleted", async () => {
    const own = await room.cohortOf("kept");
    const [range, steps] = [RANGE, [{ anyOf: [view] }]];
    const inCohort = { ...view, filter: { inCohort: { cohort: own } } };
    await room.save("sizes", "COHORT_SIZES", { range, cohort: own });
    await room.save("broken_down", "FUNNEL", { range, steps, breakdown: { cohorts: [own] } });
    await room.save("filtered", "STICKINESS", { range, event: inCohort });
    await room.save("returning", "RETENTION", { range, start: view, returning: view, cohorts: [own] });
    const remove = `mutation ($id: ID!) { deleteCohort(id: $id) { __typename ... on CohortInUse { namedBy { ... on SavedQuery { name } } } } }`;
    expect(await room.ask(remove, { id: own })).toEqual({
      deleteCohort: {
        __typename: "CohortInUse",
        namedBy: ["broken_down", "filtered", "returning", "sizes"].map((name) => ({ name })),
      },
    });
  });

  test("of how executions went is asked with the asker's own permissions", async () => {
    const { savedQuery } = await room.save("executions", "API_EXECUTIONS", room.asked("API_EXECUTIONS", ""));
    const { errors } = await room.answer(room.caller, "query ($id: ID!) { runSavedQuery(id: $id) { __typename } }", {
      id: savedQuery.id,
    });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "FORBIDDEN", permission: "audit:read" });
  });

  const nobody = randomUUID();
  test.each<[string, object, string]>([
    ["no question", {}, "input"],
    ["two questions", { funnel: askedBy("FUNNEL", "country"), paths: askedBy("PATHS", "country") }, "input"],
    ["an unknown field", { retention: askedBy("RETENTION", "contry") }, "input.retention.splitBy.0"],
    ["an unknown dimension", { paths: askedBy("PATHS", "dimensions.lnd") }, "input.paths.label.0"],
    [
      "an unknown segment",
      { funnel: { ...askedBy("FUNNEL", "country"), breakdown: { segments: [{ name: "frm" }] } } },
      "input.funnel.breakdown.segments.0",
    ],
    ["an unknown cohort", { cohortSizes: { range: RANGE, cohort: nobody } }, "input.cohortSizes.cohort"],
    [
      "an unknown cohort to break down by",
      { funnel: { ...askedBy("FUNNEL", "country"), breakdown: { cohorts: [nobody] } } },
      "input.funnel.breakdown.cohorts.0",
    ],
    [
      "an unknown cohort in a filter",
      { olap: { range: RANGE, measures: [{ function: "COUNT" }], filter: { inCohort: { cohort: nobody } } } },
      "input.olap.filter.inCohort.cohort",
    ],
    [
      "too long a window",
      { velocity: { ...askedBy("VELOCITY", "country"), within: "P9000D" } },
      "input.velocity.within",
    ],
    [
      "a range that is none",
      { stickiness: { range: { from: at(1), to: at(0) }, event: view } },
      "input.stickiness.range.from",
    ],
    ["no steps", { funnel: { range: RANGE, steps: [] } }, "input.funnel.steps"],
    [
      "a slip of a name",
      { lifecycle: { range: RANGE, event: { events: ["viwe"] } } },
      "input.lifecycle.event.events.0",
    ],
    [
      "more than it may take",
      {
        eventQuality: {
          range: RANGE,
          event: { events: ["x".repeat(200)] },
          expect: Array.from({ length: 50 }, (_, n) => ({
            name: `${n}${"y".repeat(190)}`,
            present: { field: "device" },
          })),
        },
      },
      "input.eventQuality",
    ],
  ])("with %s is refused at its place, as the question is", async (_what, question, field) => {
    const { errors } = await room.answer(room.caller, SAVE, { input: { name: "wrong", ...question } });
    expect(errors?.map(({ extensions }) => extensions)).toEqual([
      expect.objectContaining({ code: "BAD_INPUT", field }),
    ]);
  });
});
