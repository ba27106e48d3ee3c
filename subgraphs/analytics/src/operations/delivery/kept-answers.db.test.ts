import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_CHANGED } from "@tessera/contracts/events/tenant-changed";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { errorMessage } from "@tessera/platform/errors/error-message";
import fc from "fast-check";
import { valuesOf } from "../../../testing/flatten-answer.ts";
import { callerOf, count, openSemanticRoom, RANGE } from "../../../testing/semantic-room.ts";
import { managerOf, openCohortRoom } from "../../../testing/cohort-room.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { COHORT_KEPT } from "../../domain/cohort.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import { createForgetting } from "../../reactions/forget-answers.ts";
import { createCohortStore } from "../../store/cohort-store.ts";
import type { OlapAnswer } from "../query-olap.ts";
import { createAnswers } from "./answers.ts";
import { freshEnough } from "./fresh-enough.ts";
import { fieldVersions, namedVersions, savedQueryVersions } from "./named-versions.ts";

jest.setTimeout(60_000);
const AN_HOUR = "PT1H";

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
});
afterAll(() => world.close());

const open = () => {
  const clock = { ms: Date.UTC(2026, 10, 20, 12) };
  const answers = createAnswers(() => clock.ms);
  const share = freshEnough({ answers, nowMs: () => clock.ms });
  const cohorts = createCohortStore({ ...world.resources, kept: COHORT_KEPT });
  const versionsOf = namedVersions({ definitions: room.deps.definitions, cohorts });
  return { clock, answers, share, cohorts, olap: share({ name: "olap", ask: room.olap, versionsOf }) };
};
const told = ({ columns, totals }: Pick<OlapAnswer, "columns" | "totals">) =>
  [...columns, ...totals].map((column) => [column.name, ...valuesOf(column)]);
const asked = (part: Partial<AskedOlap> = {}): AskedOlap => ({
  range: RANGE,
  measures: [{ function: "COUNT" }],
  ...part,
});

/** What of a shop's events one of its people may see. */
const POLICY: DataPolicy = {
  ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};
const seeing = (tenantId: TenantId, dataPolicy: DataPolicy | null): Caller => ({ ...callerOf(tenantId), dataPolicy });

describe("kept answers", () => {
  test("nobody is given an answer that is not their own: whoever asks, in whichever order, gets what the store gives them", async () => {
    const { olap } = open();
    const [one, other] = [(await room.shop()).tenantId, (await room.shop()).tenantId];
    await storeEvents(world.writer, other, [
      { id: randomUUID(), name: "view", userId: "u9", country: "FR", timeMs: Date.parse(RANGE.from) + 1 },
    ]);
    const masked: DataPolicy = { ...POLICY, allow: {}, masks: { country: { kind: "CONSTANT", value: "hidden" } } };
    const callers = [one, other].flatMap((tenantId) => [
      ...[null, POLICY, masked, { ...POLICY, deny: { name: ["buy"] } }].map((policy) => seeing(tenantId, policy)),
      callerOf(tenantId, ["analytics:read"]),
    ]);
    const questions = [asked(), asked({ dimensions: ["country"] }), asked({ dimensions: ["userId"] })];
    const anyAsking = fc.record({ by: fc.constantFrom(...callers), question: fc.constantFrom(...questions) });
    const direct = new Map<string, unknown>();
    /** What the store gives a caller; the events stay as they are. */
    const fromStore = async (by: Caller, question: AskedOlap): Promise<unknown> => {
      const place = `${callers.indexOf(by)} ${questions.indexOf(question)}`;
      const known = direct.get(place) ?? (await room.olap(by, question).then(told, errorMessage));
      direct.set(place, known);
      return known;
    };
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyAsking, { minLength: 5, maxLength: 15 }), async (askings) => {
        for (const { by, question } of askings) {
          const given = await olap(by, question, undefined, AN_HOUR).then(
            (answer) => ({ told: told(answer), use: answer.provenance.cache }),
            (error: unknown) => ({ told: errorMessage(error), use: "REFUSED" }),
          );
          if (given.use === "HIT") hits += 1;
          expect(given.told).toEqual(await fromStore(by, question));
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
    expect(hits).toBeGreaterThan(0);
  });

  test("an equal question in other words is answered from what is kept, and new events only reach who takes no age, or less", async () => {
    const { clock, olap } = open();
    const caller = await room.shop();
    const [name, country] = [
      { field: "name", in: ["view", "buy"] },
      { field: "country", eq: "DE" },
    ];
    const first = await olap(caller, asked({ filter: { and: [name, country] } }), undefined, AN_HOUR);
    await storeEvents(world.writer, caller.tenantId, [
      { id: randomUUID(), name: "view", userId: "u9", country: "DE", timeMs: Date.parse(RANGE.from) + 2 },
    ]);
    clock.ms += 60_000;
    const other = asked({
      filter: { and: [{ field: "country", in: ["DE"] }, { and: [{ ...name, in: ["buy", "view"] }] }] },
    });
    const [again, exact] = [await olap(caller, other, undefined, AN_HOUR), await olap(caller, other)];
    const younger = await olap(caller, other, undefined, "PT30S");
    const uses = [first, again, exact, younger].map(({ provenance }) => [provenance.cache, provenance.freshness]);
    expect(uses).toEqual([
      ["MISS", "PT0S"],
      ["HIT", "PT1M"],
      ["NONE", "PT0S"],
      ["MISS", "PT0S"],
    ]);
    expect([first, again, exact, younger].map((answer) => told(answer)[0])).toEqual([
      ...[
        ["count", 3],
        ["count", 3],
        ["count", 4],
        ["count", 4],
      ],
    ]);
    expect(again.provenance.asOf).toBe(first.provenance.asOf);
  });

  test("a metric, a segment or a saved query that is changed is asked anew; a version that was named is not", async () => {
    const { olap, share, cohorts } = open();
    const caller = await room.shop();
    await room.metric(caller, "sights", count("view"));
    const id = await room.saved(caller, "of_today", { range: RANGE, metrics: [{ name: "sights" }] }, false);
    const { definitions } = room.deps;
    const versionsOf = savedQueryVersions({ definitions, cohorts });
    const saved = share({ name: "runSavedQuery", ask: room.operations.runSavedQuery, versionsOf });
    const [now, pinned] = [{ metrics: [{ name: "sights" }] }, { metrics: [{ name: "sights", version: 1 }] }];
    const ask = async () => [
      ...[(await olap(caller, { range: RANGE, ...now }, undefined, AN_HOUR)).provenance.cache],
      ...[(await olap(caller, { range: RANGE, ...pinned }, undefined, AN_HOUR)).provenance.cache],
      (await saved(caller, { id }, undefined, AN_HOUR)).provenance.cache,
    ];
    expect([await ask(), await ask()]).toEqual([
      ["MISS", "MISS", "MISS"],
      ["HIT", "HIT", "HIT"],
    ]);
    await room.metric(caller, "sights", count("buy"));
    expect([await ask(), await ask()]).toEqual([
      ["MISS", "HIT", "MISS"],
      ["HIT", "HIT", "HIT"],
    ]);
  });

  test("a cohort that is changed makes another question of every one that names it", async () => {
    const cohortRoom = openCohortRoom(Date.parse(RANGE.to));
    const { cohorts, operations } = cohortRoom;
    const caller = managerOf((await room.shop()).tenantId);
    const does = (name: string) => ({ did: { event: { events: [name] } } });
    const viewers = await cohortRoom.created(caller, "viewers", does("view"));
    const share = freshEnough({ answers: createAnswers(Date.now), nowMs: Date.now });
    const active = share({
      name: "activeUsers",
      ask: operations.activeUsers,
      versionsOf: fieldVersions({ ...room.deps, cohorts }),
    });
    const question = { range: RANGE, event: {}, cohort: viewers.id };
    const ask = async () => {
      const { daily, provenance } = await active(caller, question, undefined, AN_HOUR);
      return [provenance.cache, ...daily];
    };
    expect([await ask(), await ask()]).toEqual([
      ["MISS", 3],
      ["HIT", 3],
    ]);
    await operations.updateCohort(caller, viewers.id, { definition: does("buy") });
    expect([await ask(), await ask()]).toEqual([
      ["MISS", 1],
      ["HIT", 1],
    ]);
    await cohortRoom.close();
  });

  test("are forgotten when the tenant changes", async () => {
    const { answers, clock, olap } = open();
    const { eventLog, logger } = world.resources;
    const [leaving, staying] = [await room.shop(), await room.shop()];
    for (const caller of [leaving, staying]) await olap(caller, asked(), undefined, AN_HOUR);
    const before = answers.kept.bytes;
    const forgetting = createForgetting({ answers, eventLog, logger });
    await eventLog.start();
    await forgetting.start();
    const { tenantId } = leaving;
    const change = { tenantId, change: "DELETION_REQUESTED", state: "DELETING", tier: "t", changedAtMs: clock.ms };
    await eventLog.append([{ tenantId, topic: TENANT_CHANGED, dedupeKey: randomUUID(), payload: change }]);
    while (answers.kept.bytes === before) await new Promise((resolve) => setTimeout(resolve, 20));
    await forgetting.stop();
    await eventLog.stop();
    const uses = [await olap(leaving, asked(), undefined, AN_HOUR), await olap(staying, asked(), undefined, AN_HOUR)];
    expect(uses.map(({ provenance }) => provenance.cache)).toEqual(["MISS", "HIT"]);
  });
});
