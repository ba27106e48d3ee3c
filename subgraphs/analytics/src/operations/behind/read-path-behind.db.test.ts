import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { anyPaths, pathEvents, PATHS_RANGE } from "../../../testing/path-arbitraries.ts";
import { eventsByUnit } from "../../../testing/reference-behaviour.ts";
import { referencePaths, type ReferencePath } from "../../../testing/reference-path-flows.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import type { PathCellInput } from "../../domain/behind/path-cell.ts";
import type { PathsAnswer } from "../../domain/paths/paths-answer.ts";
import type { PathsInput } from "../../domain/paths/paths-input.ts";
import { queryPaths } from "../query-paths.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts, behindEvents, behindPeople } from "./read-behind.ts";

jest.setTimeout(180_000);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

const UNITS = {
  PERSON: ({ userId }: TestEvent) => userId ?? null,
  SESSION: ({ sessionId }: TestEvent) => sessionId ?? null,
  FIELD: ({ properties }: TestEvent) => (typeof properties?.["order"] === "string" ? properties["order"] : null),
} as const;

const KINDS = ["ALL", "NODE", "LINK", "PATH", "FOLLOWED", "UNREACHED"] as const;
type Kind = (typeof KINDS)[number];

/** A number of an answer: its place, what it says, and which paths of a reference it counts, by which of their steps. */
interface Chosen {
  readonly cell: PathCellInput;
  readonly number: number | null | undefined;
  /** Place of the step a path is listed by; -1 for paths that are not counted. */
  readonly stepOf: (path: ReferencePath) => number;
}

const isBackward = ({ start, end }: PathsInput): boolean => (start ?? null) === null && (end ?? null) !== null;

const chooseNode = ({ nodes }: PathsAnswer, choice: number, by: number): Chosen | null => {
  const node = nodes[choice % Math.max(1, nodes.length)];
  if (node === undefined) return null;
  const outcome = (["ALL", "DROPPED_OFF", "GOES_ON"] as const)[by % 3] ?? "ALL";
  const number = { ALL: node.paths, DROPPED_OFF: node.droppedOff, GOES_ON: node.goesOn }[outcome];
  const isAt = isAtOf(nodes);
  return {
    ...{ number, cell: { outcome, node: { depth: node.depth, label: node.label } } },
    stepOf: (path) => {
      const isLast = node.depth === path.labels.length - 1;
      const held = outcome === "ALL" || (isLast && path.goesOn === (outcome === "GOES_ON"));
      return held && isAt(path, node.depth, node.label) ? node.depth : -1;
    },
  };
};

const isAtOf =
  (nodes: PathsAnswer["nodes"]) =>
  ({ labels }: ReferencePath, depth: number, label: string | null): boolean => {
    const own = labels[depth];
    if (own === undefined) return false;
    return label === null ? !nodes.some((node) => node.depth === depth && node.label === own) : own === label;
  };

const chooseLink = ({ nodes, links }: PathsAnswer, choice: number): Chosen | null => {
  const link = links[choice % Math.max(1, links.length)];
  const [from, to] = [nodes[link?.from ?? -1], nodes[link?.to ?? -1]];
  if (link === undefined || from === undefined || to === undefined) return null;
  const point = ({ depth, label }: typeof from) => ({ depth, label });
  const isAt = isAtOf(nodes);
  return {
    ...{ number: link.paths, cell: { link: { from: point(from), to: point(to) } } },
    stepOf: (path) => (isAt(path, from.depth, from.label) && isAt(path, to.depth, to.label) ? to.depth : -1),
  };
};

const choosePath = ({ topPaths }: PathsAnswer, input: PathsInput, choice: number, by: number): Chosen | null => {
  const path = topPaths[choice % Math.max(1, topPaths.length)];
  if (path === undefined) return null;
  const labels = isBackward(input) ? path.labels.toReversed() : path.labels;
  const goal = (input.goal ?? null) !== null;
  const outcome =
    (["ALL", "GOES_ON", ...(goal ? (["CONVERTED"] as const) : [])] as const)[by % (goal ? 3 : 2)] ?? "ALL";
  const number = { ALL: path.paths, GOES_ON: path.goesOn, CONVERTED: path.converted }[outcome];
  return {
    ...{ number, cell: { outcome, path: path.labels } },
    stepOf: (one) => {
      const held = { ALL: true, GOES_ON: one.goesOn, CONVERTED: one.converted }[outcome];
      return held && JSON.stringify(one.labels) === JSON.stringify(labels) ? 0 : -1;
    },
  };
};

const chooseFollowed = ({ topPaths }: PathsAnswer, input: PathsInput, choice: number): Chosen | null => {
  const path = topPaths[choice % Math.max(1, topPaths.length)];
  if (path === undefined) return null;
  const labels = isBackward(input) ? path.labels.toReversed() : path.labels;
  return {
    ...{ number: path.followed, cell: { followed: path.labels } },
    stepOf: (one) => (labels.every((label, depth) => one.labels[depth] === label) ? 0 : -1),
  };
};

const chooseAll = (answer: PathsAnswer, input: PathsInput, by: number): Chosen => {
  const goal = (input.goal ?? null) !== null;
  const outcome =
    (["ALL", ...(goal ? (["CONVERTED", "NOT_CONVERTED"] as const) : [])] as const)[by % (goal ? 3 : 1)] ?? "ALL";
  const { paths, converted } = answer;
  const number = { ALL: paths, CONVERTED: converted, NOT_CONVERTED: paths - (converted ?? 0) }[outcome];
  return {
    ...{ number, cell: { outcome } },
    stepOf: (one) => (outcome === "ALL" || one.converted === (outcome === "CONVERTED") ? 0 : -1),
  };
};

const choose = (kind: Kind, answer: PathsAnswer, input: PathsInput, choice: number, by: number): Chosen | null => {
  switch (kind) {
    case "ALL":
      return chooseAll(answer, input, by);
    case "NODE":
      return chooseNode(answer, choice, by);
    case "LINK":
      return chooseLink(answer, choice);
    case "PATH":
      return choosePath(answer, input, choice, by);
    case "FOLLOWED":
      return chooseFollowed(answer, input, choice);
    case "UNREACHED":
      if ((input.start ?? null) === null || (input.end ?? null) === null) return null;
      return { cell: { outcome: "UNREACHED" }, number: answer.unreached, stepOf: () => -1 };
  }
};

const idsOf = async (caller: Caller, of: BehindInput): Promise<readonly string[]> => {
  const found: string[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page = await behindEvents(room.deps)(caller, of, { first: 3, after });
    found.push(...page.edges.map(({ node }) => node.id));
    ({ hasNextPage: more, endCursor: after } = page.pageInfo);
  }
  return found;
};

describe("what is behind a number of paths", () => {
  test("is each path it counts, by the step that a reference finds which follows every unit by hand: of a node, a link, a whole path, a beginning, and what came to no end", async () => {
    const asked = fc.tuple(
      anyPaths,
      fc.constantFrom("PERSON", "SESSION", "FIELD"),
      fc.constantFrom(...KINDS),
      fc.nat(),
      fc.nat(),
    );
    await fc.assert(
      fc.asyncProperty(pathEvents, fc.array(asked, { minLength: 6, maxLength: 6 }), async (events, questions) => {
        const caller = await room.stored(events);
        for (const [question, unit, kind, choice, by] of questions) {
          const input: PathsInput = {
            ...question,
            unit: unit === "FIELD" ? { kind: unit, field: "properties.order" } : { kind: unit },
          };
          const answer = await queryPaths(room.deps)(caller, input);
          const chosen = choose(kind, answer, input, choice, by);
          if (chosen === null) continue;
          const { cell, number, stepOf } = chosen;
          const units = [...eventsByUnit(events, UNITS[unit])].map(([name, own]) => referencePaths(input, name, own));
          const paths = units.flatMap((one) => one.paths).filter((path) => stepOf(path) >= 0);
          const shown =
            kind === "UNREACHED"
              ? units.flatMap(({ lost }) => lost)
              : paths.map((path) => path.ids[stepOf(path)] ?? "");
          expect({ input, cell, paths: shown.length }).toEqual({ input, cell, paths: number });
          const of = { paths: { input, cell } };
          const told = await behindCounts(room.deps)(caller, of);
          expect({ input, cell, units: told.units, events: told.events }).toEqual({
            ...{ input, cell, units: number, events: number },
          });
          expect({ input, cell, ids: (await idsOf(caller, of)).toSorted() }).toEqual({
            ...{ input, cell, ids: shown.toSorted() },
          });
          if (unit !== "PERSON") {
            expect(told.people).toBeNull();
            continue;
          }
          const compared = await room.compare(caller, events, of, { units: shown.length, ids: shown });
          expect(compared.told).toEqual(compared.expected);
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test("is for a caller under data policies that of a store which holds the visible events alone, with masked values", async () => {
    await fc.assert(
      fc.asyncProperty(pathEvents, anyPaths, anyPolicy, async (events, drawn, policy) => {
        const caller = { ...(await room.stored(events)), dataPolicy: policy };
        const input = { ...drawn, label: ["name"], groups: [] };
        const shown = events.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
        const units = [...eventsByUnit(shown, UNITS.PERSON)].map(([name, own]) => referencePaths(input, name, own));
        const ids = units.flatMap(({ paths }) => paths.map((path) => path.ids[0] ?? ""));
        const { paths } = await queryPaths(room.deps)(caller, input);
        const of = { paths: { input, cell: {} } };
        const found = await idsOf(caller, of);
        expect(found).toHaveLength(paths);
        const visible = new Set(shown.map(({ id }) => id));
        expect(found.filter((id) => !visible.has(id))).toEqual([]);
        // Whom masked ids are of is not told, so that only open ones can be put together here.
        if (policy.masks["user_id"] === undefined) expect(found.toSorted()).toEqual(ids.toSorted());
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("is of the asker's own tenant: a cursor of another's is a place in the own list", async () => {
    const timeMs = Date.parse("2026-03-02T10:00:00Z");
    const [own, other] = [randomUUID(), randomUUID()];
    const caller = await room.stored([{ id: own, name: "home", timeMs, userId: "own" }]);
    const stranger = await room.stored([{ id: other, name: "home", timeMs: timeMs + 1, userId: "other" }]);
    const of = { paths: { input: { range: PATHS_RANGE }, cell: {} } };
    const theirs = await behindEvents(room.deps)(stranger, of, { first: 1 });
    expect(theirs.edges.map(({ node }) => node.id)).toEqual([other]);
    const { edges } = await behindEvents(room.deps)(caller, of, { after: theirs.pageInfo.endCursor });
    expect(edges.map(({ node }) => node.id)).toEqual([own]);
    const people = await behindPeople(room.deps)(caller, of, {});
    expect(people.nodes.map(({ userId }) => userId)).toEqual(["own"]);
  });

  const input: PathsInput = { range: PATHS_RANGE };
  const [deep, near, far] = [{ depth: 5 }, { depth: 0 }, { depth: 1 }];
  test.each<[string, PathsInput, PathCellInput, string]>([
    ["a node deeper than paths are told", input, { node: deep }, "cell.node.depth"],
    ["a link over a depth", input, { link: { from: near, to: { depth: 2 } } }, "cell.link"],
    ["a link against time", input, { link: { from: far, to: near } }, "cell.link"],
    ["a path of no labels", input, { path: [] }, "cell.path"],
    ["a beginning longer than paths", input, { followed: Array.from({ length: 6 }, () => "a") }, "cell.followed"],
    ["two numbers", input, { node: near, path: ["a"] }, "cell"],
    ["conversions without a goal", input, { outcome: "CONVERTED" }, "cell.outcome"],
    ["what came to no end without one", input, { outcome: "UNREACHED" }, "cell.outcome"],
    ["a sample", { ...input, sample: 0.5 }, {}, "input.sample"],
    ["a wrong question", { ...input, maxDepth: 1 }, {}, "input.maxDepth"],
  ])("%s is refused, with its place", async (_what, question, cell, field) => {
    const caller = await room.stored([]);
    await expect(behindCounts(room.deps)(caller, { paths: { input: question, cell } })).rejects.toMatchObject({
      code: "BAD_INPUT",
      extras: { field: `of.paths.${field}` },
    });
  });

  test("people of paths of something else are refused", async () => {
    const caller = await room.stored([]);
    const of = { paths: { input: { ...input, unit: { kind: "SESSION" as const } }, cell: {} } };
    await expect(behindPeople(room.deps)(caller, of, {})).rejects.toMatchObject({
      extras: { field: "of.paths.input.unit.kind" },
    });
  });
});
