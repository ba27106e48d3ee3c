import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { anyFunnel, FUNNEL_RANGE } from "../../../testing/funnel-arbitraries.ts";
import { manyUnits, referenceOf, unitInput } from "../../../testing/funnel-world.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import type { FunnelInput } from "../../domain/funnel/funnel-input.ts";
import { queryFunnel } from "../query-funnel.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts, behindEvents, behindPeople } from "./read-behind.ts";

jest.setTimeout(180_000);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

const required = ({ steps }: FunnelInput): readonly number[] =>
  steps.flatMap(({ optional }, index) => (optional === true ? [] : [index]));

const ids = async (caller: Parameters<BehindRoom["readBehind"]>[0], of: BehindInput): Promise<readonly string[]> => {
  const found: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await behindEvents(room.deps)(caller, of, { first: 2, after });
    found.push(...page.edges.map(({ node }) => node.id));
    ({ hasNextPage: more, endCursor: after } = page.pageInfo);
  }
  return found;
};

describe("what is behind a number of a funnel", () => {
  test("is each unit it counts, by the event that a reference finds which tries every way: of a step, a drop-off, a group, a bucket, what came next", async () => {
    const kinds = fc.constantFrom("PERSON", "SESSION", "FIELD");
    const asked = fc.tuple(anyFunnel, kinds, fc.nat(), fc.boolean(), fc.constantFrom("GROUP", "NEXT", null));
    await fc.assert(
      fc.asyncProperty(manyUnits, fc.array(asked, { minLength: 4, maxLength: 4 }), async (events, funnels) => {
        const caller = await room.stored(events);
        for (const [input, kind, choice, isDropOff, by] of funnels) {
          const question: FunnelInput = {
            ...{ ...input, unit: unitInput(kind), dropOffs: { first: 50 } },
            breakdown: { field: "properties.plan", first: 100 },
          };
          const told = await queryFunnel(room.deps)(caller, question);
          const units = referenceOf(question, kind, events);
          const musts = required(input);
          const depth = 1 + (choice % Math.max(1, musts.length - 1));
          const dropsOff = isDropOff && musts.length > 1;
          const step = dropsOff ? (musts[depth - 1] ?? 0) : choice % input.steps.length;
          const cellOf = units.filter(({ ids: own, depth: reached }) =>
            dropsOff ? reached === depth : (own[step] ?? null) !== null,
          );
          const chosen = cellOf[choice % Math.max(1, cellOf.length)];
          const grouped = by === "GROUP" && chosen !== undefined;
          const next = by === "NEXT" && dropsOff && chosen !== undefined ? { name: chosen.next } : null;
          const expected = cellOf.filter(
            (one) => (!grouped || one.plan === chosen.plan) && (next === null || one.next === next.name),
          );
          const plan = grouped ? chosen.plan : null;
          const group = grouped ? { value: typeof plan === "string" ? plan : null } : null;
          const result = grouped
            ? told.groups.find(({ value }) => value === group?.value)?.result
            : next === null
              ? told.result
              : null;
          const number = dropsOff ? result?.steps[step]?.droppedOff : result?.steps[step]?.reached;
          const came = told.dropOffs.find((one) => one.step === step + 1)?.next.find(({ name }) => name === next?.name);
          expect({ question, units: expected.length }).toEqual({
            question,
            units: (next === null ? number : came?.units) ?? 0,
          });
          const cell = { step: step + 1, outcome: dropsOff ? "DROPPED_OFF" : "REACHED", group, next } as const;
          const of = { funnel: { input: question, cell } };
          const shown = expected.map((one) => (dropsOff ? one.lastId : (one.ids[step] ?? "")));
          const { units: counted, people, events: all } = await behindCounts(room.deps)(caller, of);
          expect({ cell, counted, all, people }).toEqual({
            ...{ cell, counted: expected.length, all: expected.length },
            people: kind === "PERSON" ? expected.length : null,
          });
          expect({ question, cell, ids: (await ids(caller, of)).toSorted() }).toEqual({
            question,
            cell,
            ids: shown.toSorted(),
          });
          if (kind !== "PERSON") continue;
          const compared = await room.compare(caller, events, of, { units: expected.length, ids: shown });
          expect(compared.told).toEqual(compared.expected);
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  const named = (...names: readonly string[]) => names.map((name) => ({ anyOf: [{ events: [name] }] }));
  const at = Date.parse("2026-03-02T10:00:00Z");
  const did = (userId: string, name: string, seconds: number) => ({
    id: randomUUID(),
    name,
    userId,
    timeMs: at + seconds * 1_000,
  });

  test("is for a caller under data policies of the visible events alone, with masked values", async () => {
    await fc.assert(
      fc.asyncProperty(manyUnits, anyPolicy, async (events, policy) => {
        const caller = { ...(await room.stored(events)), dataPolicy: policy };
        const shown = events.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
        const input = { range: FUNNEL_RANGE, steps: named("a", "b") };
        const counted = await queryFunnel(room.deps)(caller, input);
        const of = { funnel: { input, cell: { step: 1 } } };
        const { units } = await behindCounts(room.deps)(caller, of);
        expect(units).toBe(counted.result.entered);
        const visible = new Set(shown.map(({ id }) => id));
        const found = await ids(caller, of);
        expect(found).toHaveLength(units);
        expect(found.filter((id) => !visible.has(id))).toEqual([]);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("is of the entries of a bucket where one is named, of the asker's own tenant", async () => {
    const events = [did("u1", "a", 0), did("u2", "a", 86_400), did("u2", "b", 86_401)];
    const [caller, stranger] = [await room.stored(events), await room.stored([did("u3", "a", 1)])];
    const input = { range: FUNNEL_RANGE, steps: named("a", "b"), trend: { granularity: "DAY" } as const };
    const of = (entered: string) => ({ funnel: { input, cell: { step: 1, entered } } });
    expect(await ids(caller, of("2026-03-02T00:00:00Z"))).toEqual([events[0]?.id]);
    expect(await ids(caller, of("2026-03-03T00:00:00Z"))).toEqual([events[1]?.id]);
    const people = await behindPeople(room.deps)(stranger, of("2026-03-02T00:00:00Z"), {});
    expect(people.nodes.map(({ userId }) => userId)).toEqual(["u3"]);
  });

  const input = { range: FUNNEL_RANGE, steps: named("a", "b") };
  test.each<[string, NonNullable<BehindInput["funnel"]>, string]>([
    ["no such step", { input, cell: { step: 3 } }, "cell.step"],
    ["a drop-off after the last step", { input, cell: { step: 2, outcome: "DROPPED_OFF" } }, "cell.step"],
    ["what came next of who reached", { input, cell: { step: 1, next: {} } }, "cell.next"],
    ["a group of no breakdown", { input, cell: { step: 1, group: {} } }, "cell.group"],
    ["a bucket of no trend", { input, cell: { step: 1, entered: "2026-03-02T00:00:00Z" } }, "cell.entered"],
    ["a sample", { input: { ...input, sample: 0.5 }, cell: { step: 1 } }, "input.sample"],
    ["a wrong question", { input: { ...input, steps: [] }, cell: { step: 1 } }, "input.steps"],
  ])("%s is refused, with its place", async (_what, funnel, field) => {
    const caller = await room.stored([]);
    await expect(behindCounts(room.deps)(caller, { funnel })).rejects.toMatchObject({
      extras: { field: `of.funnel.${field}` },
    });
  });

  test("people of a funnel that counts none are refused", async () => {
    const caller = await room.stored([did("u1", "a", 0)]);
    const of = { funnel: { input: { ...input, unit: { kind: "SESSION" } as const }, cell: { step: 1 } } };
    await expect(behindPeople(room.deps)(caller, of, {})).rejects.toMatchObject({
      extras: { field: "of.funnel.input.unit.kind" },
    });
  });
});
