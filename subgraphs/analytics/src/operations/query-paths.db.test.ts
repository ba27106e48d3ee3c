import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { countHere } from "../../testing/count-here.ts";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import type { PathsAnswer } from "../domain/paths/paths-answer.ts";
import type { PathsInput } from "../domain/paths/paths-input.ts";
import { createPathsStore } from "../store/paths-store.ts";
import { anyPaths, pathEvents, PATHS_RANGE } from "../../testing/path-arbitraries.ts";
import { eventsByUnit } from "../../testing/reference-behaviour.ts";
import { labelOf, referenceFlows, referencePaths } from "../../testing/reference-path-flows.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { funnelOfPath } from "./funnel-of-path.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryPaths } from "./query-paths.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const ask = (tenantId: TenantId, input: PathsInput, caller = callerWith(tenantId, ["analytics:read"])) =>
  queryPaths({ paths: createPathsStore(world.resources.eventStore), counting: countHere, nowMs: () => Date.now() })(
    caller,
    input,
  );

const at = (seconds: number): number => Date.parse("2026-03-02T10:00:00Z") + seconds * 1_000;
const event = (userId: string, name: string, seconds: number, more: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name, userId, timeMs: at(seconds) },
  ...more,
});

const UNITS = {
  PERSON: ({ userId }: TestEvent) => userId ?? null,
  SESSION: ({ sessionId }: TestEvent) => sessionId ?? null,
  FIELD: ({ properties }: TestEvent) => (typeof properties?.["order"] === "string" ? properties["order"] : null),
} as const;

const nameOf = ({ nodes }: PathsAnswer, index: number): string => {
  const node = nodes[index];
  return `${node?.depth ?? -1} ${node?.label ?? "*"}`;
};
const flowsOf = (answer: PathsAnswer) => ({
  nodes: new Map(
    answer.nodes.map(({ paths, droppedOff, goesOn }, index) => [nameOf(answer, index), { paths, droppedOff, goesOn }]),
  ),
  links: new Map(
    answer.links.map(({ from, to, paths, medianSeconds }) => [
      `${nameOf(answer, from)} > ${nameOf(answer, to)}`,
      { paths, medianSeconds },
    ]),
  ),
});

/** At every node as many paths go in as go out, drop off, go on untold, or take links that are not shown. */
const expectConserved = (answer: PathsAnswer, backward: boolean): void =>
  answer.nodes.forEach((node, index) => {
    const sum = (end: "from" | "to"): number =>
      answer.links.filter((link) => link[end] === index).reduce((total, { paths }) => total + paths, 0);
    const [into, outOf] = [sum("to") + node.hiddenIn, sum("from") + node.hiddenOut];
    const [before, after] = backward ? [outOf, into] : [into, outOf];
    expect({ node, total: after + node.droppedOff + node.goesOn }).toEqual({ node, total: node.paths });
    if (node.depth > 0) expect({ node, total: before }).toEqual({ node, total: node.paths });
  });

const counted = (paths: readonly { readonly labels: readonly string[] }[], backward: boolean) => {
  const counts = new Map<string, number>();
  for (const { labels } of paths) {
    const key = JSON.stringify(backward ? labels.toReversed() : labels);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
};

/** The funnel of a path; null where no filter can say what a label with captures stands for. */
const funnelOrRefusal = async (tenantId: TenantId, input: PathsInput, path: readonly string[]) => {
  try {
    return await funnelOfPath({ nowMs: () => Date.now() })(callerWith(tenantId, ["analytics:read"]), { input, path });
  } catch (error) {
    expect(error).toMatchObject({ code: "BAD_INPUT", extras: { field: expect.stringMatching(/^path\.\d$/) } });
    return null;
  }
};

describe("paths through stored events", () => {
  test("nodes, links, times and whole paths are those of a reference that follows every unit by hand, and flows are conserved", async () => {
    await fc.assert(
      fc.asyncProperty(
        pathEvents,
        fc.array(fc.tuple(anyPaths, fc.constantFrom("PERSON", "SESSION", "FIELD")), { minLength: 8, maxLength: 8 }),
        fc.integer({ min: 2, max: 3 }),
        async (events, questions, minLink) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, events);
          for (const [question, kind] of questions) {
            const input = { ...question, unit: kind === "FIELD" ? { kind, field: "properties.order" } : { kind } };
            const answer = await ask(tenantId, input);
            const units = [...eventsByUnit(events, UNITS[kind])].map(([unit, own]) => referencePaths(input, unit, own));
            const known = units.flatMap(({ paths }) => paths);
            const backward = input.start === null && input.end !== null;
            expect({ input, ...flowsOf(answer) }).toEqual({ input, ...referenceFlows(input, known) });
            expect(answer).toMatchObject({
              paths: known.length,
              units: units.filter(({ paths }) => paths.length > 0).length,
              unreached: units.reduce((sum, { unreached }) => sum + unreached, 0),
              converted: input.goal === null ? null : known.filter(({ converted }) => converted).length,
            });
            const tops = new Map(answer.topPaths.map(({ labels, paths }) => [JSON.stringify(labels), paths]));
            expect({ input, tops }).toEqual({ input, tops: counted(known, backward) });
            for (const { labels, followed } of answer.topPaths) {
              const own = backward ? labels.toReversed() : labels;
              const beginning = known.filter((path) => own.every((label, place) => path.labels[place] === label));
              expect(followed).toBe(beginning.length);
            }
            expectConserved(answer, backward);
            expectConserved(await ask(tenantId, { ...input, minLink }), backward);
          }
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test("as many paths begin with a chain of labels as the strict funnel of the chain counts", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        pathEvents,
        fc.array(fc.tuple(anyPaths, fc.constantFrom("PERSON", "SESSION", "FIELD")), { minLength: 6, maxLength: 6 }),
        async (events, questions) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, events);
          for (const [question, kind] of questions) {
            const unit = kind === "FIELD" ? { kind, field: "properties.order" } : { kind };
            const start = { label: labelOf(question, events[0] ?? event("u1", "home", 0)) };
            const whole = { steps: [{}], exclude: [], end: null, occurrence: "FIRST", repeats: "KEEP" } as const;
            const input = { ...question, ...whole, unit, start };
            for (const { labels, followed } of (await ask(tenantId, input)).topPaths.slice(0, 5)) {
              const funnel = await funnelOrRefusal(tenantId, input, labels);
              if (funnel === null) continue;
              expect(funnel).toMatchObject({ equal: true, differences: [] });
              const { result } = await queryFunnel({
                ...{
                  funnels: createFunnelStore(world.resources.eventStore),
                  counting: countHere,
                  nowMs: () => Date.now(),
                },
              })(callerWith(tenantId, ["analytics:read"]), funnel.question);
              compared += 1;
              expect({ input, labels, converted: result.converted }).toEqual({ input, labels, converted: followed });
            }
          }
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(0);
  });

  test("what is not shown by name is in others, and thin links are told as hidden at both ends", async () => {
    const tenantId = freshTenantId();
    const users = Array.from({ length: 10 }, (_, index) => `u${index}`);
    await storeEvents(
      world.writer,
      tenantId,
      users.flatMap((user, index) => [event(user, "home", 0), event(user, index < 7 ? "list" : `page ${index}`, 1)]),
    );
    const answer = await ask(tenantId, { range: PATHS_RANGE, maxNodes: 1, minLink: 4 });
    expect(answer.nodes).toEqual([
      expect.objectContaining({ depth: 0, label: "home", paths: 10, share: 1, hiddenOut: 3 }),
      expect.objectContaining({ depth: 1, label: "list", labels: 1, paths: 7, droppedOff: 7, share: 0.7 }),
      expect.objectContaining({ depth: 1, label: null, labels: 3, paths: 3, droppedOff: 3, hiddenIn: 3 }),
    ]);
    expect(answer.links).toEqual([{ from: 0, to: 1, paths: 7, share: 0.7, medianSeconds: 1 }]);
  });

  test("a unit's one path is followed back from its first anchor in order of time, whether a goal is asked for or not", async () => {
    const tenantId = freshTenantId();
    const names = ["a", "end", "b", "end", "goal"];
    await storeEvents(
      world.writer,
      tenantId,
      names.map((name, second) => event("ada", name, second)),
    );
    const input: PathsInput = { range: PATHS_RANGE, end: { event: { events: ["end"] } } };
    for (const goal of [null, { event: { events: ["goal"] } }])
      expect((await ask(tenantId, { ...input, goal })).topPaths.map(({ labels }) => labels)).toEqual([["a", "end"]]);
  });

  test("nobody has no paths, and no share of none is told", async () => {
    const answer = await ask(freshTenantId(), { range: PATHS_RANGE, goal: { event: { events: ["buy"] } } });
    expect(answer).toMatchObject({
      nodes: [],
      links: [],
      topPaths: [],
      paths: 0,
      units: 0,
      converted: 0,
      conversion: null,
    });
  });

  test("a data policy hides rows and masks labels, and the answer says so; another tenant's events are not there", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    await storeEvents(world.writer, other, [event("eve", "home", 0)]);
    await storeEvents(world.writer, tenantId, [
      event("ada", "home", 0, { country: "DE", url: "/" }),
      event("ada", "buy", 1, { country: "FR", url: "/buy" }),
    ]);
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {} },
      masks: { url: { kind: "CONSTANT", value: "hidden" } },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const input = { range: PATHS_RANGE, label: ["name", "url"] };
    const caller = { ...callerWith(tenantId, ["analytics:read"]), dataPolicy };
    expect((await ask(tenantId, input)).topPaths.map(({ labels }) => labels)).toEqual([["home · /", "buy · /buy"]]);
    const restricted = await ask(tenantId, input, caller);
    expect(restricted.topPaths.map(({ labels }) => labels)).toEqual([["home · hidden"]]);
    expect(restricted.provenance).toMatchObject({ rowsFilteredBy: ["country"], maskedColumns: ["url"] });
  });

  test("a sample looks at a part of the persons, says so, and is near", async () => {
    const tenantId = freshTenantId();
    const users = Array.from({ length: 2_000 }, (_, index) => `u${index}`);
    await storeEvents(
      world.writer,
      tenantId,
      users.flatMap((user) => [event(user, "home", 0), event(user, "buy", 1)]),
    );
    const { paths, provenance } = await ask(tenantId, { range: PATHS_RANGE, sample: 0.25 });
    expect(provenance).toMatchObject({ exactness: "APPROXIMATE", tables: [{ table: "events_by_person" }] });
    expect(Math.abs(paths - 2_000)).toBeLessThan(2_000 * 6 * (provenance.relativeError ?? 0));
  });
});
