import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { openDashboardRoom } from "../../../testing/dashboard-room.ts";
import { callerWhoDefines, defineOwnDimension } from "../../../testing/own-dimension.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import type { DimensionExpression } from "../../domain/semantic/dimension-expression.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const BASE_MS = Date.UTC(2026, 9, 21, 12);
const at = (days: number): string => new Date(BASE_MS + days * DAY_MS).toISOString();
const RANGE = { from: at(-3), to: at(3) };
const WHOLE_DAYS = { from: "2026-10-18T00:00:00Z", to: "2026-10-25T00:00:00Z" };

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const define = (caller: Caller, name: string, expression: DimensionExpression): Promise<string> =>
  defineOwnDimension(room, caller, name, expression);

const unit = (field: string) => ({ kind: "FIELD", field });
const tier = (label: string): DimensionExpression => ({
  cases: { cases: [{ when: { field: "country", eq: "DE" }, label }], otherwise: "other" },
});
const event = (userId: string, country: string, hours: number): TestEvent => ({
  ...{ id: randomUUID(), name: "view", userId, country },
  timeMs: BASE_MS + hours * 3_600_000,
});
const EVENTS = () => [event("u1", "DE", 0), event("u1", "DE", 1), event("u2", "US", 2), event("u3", "US", 3)];
const LARGE = { did: { event: { filter: { field: "dimensions.tier", eq: "large" } } } };
const COUNTED = {
  ...{ kind: "COUNT", atLeast: 2, window: "PT12H" },
  parts: [{ name: "a", key: ["dimensions.tier"], filter: { field: "dimensions.tier", eq: "large" } }],
};
const DEFINITIONS = "definitions { kind name version }";
const COHORT = `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id version ${DEFINITIONS} } } } }`;
const RULE = `mutation ($input: DefineCorrelationRuleInput!) { defineCorrelationRule(input: $input) {
  ... on CorrelationRuleDefined { changed rule { id version pattern ${DEFINITIONS} } } } }`;
const cohortSaved = z.object({ createCohort: z.object({ cohort: z.looseObject({ id: z.string() }) }) });
const ruleSaved = z.object({ defineCorrelationRule: z.object({ rule: z.object({ id: z.string() }) }) });
const V1 = [{ kind: "DIMENSION", name: "tier", version: 1 }];
const V2 = [{ kind: "DIMENSION", name: "tier", version: 2 }];

const shop = async () => {
  const caller = callerWhoDefines();
  await storeEvents(room.world.writer, caller.tenantId, EVENTS());
  return { caller, tierId: await define(caller, "tier", tier("large")) };
};
const inCohort = async (caller: Caller, cohort: string): Promise<unknown> =>
  room.ask(
    caller,
    `query ($input: OlapInput!) { olap(input: $input) { totals { ... on IntegerColumn { integers } } provenance { ${DEFINITIONS} } } }`,
    { input: { range: RANGE, measures: [{ name: "n", function: "COUNT" }], filter: { inCohort: { cohort } } } },
  );
const backtest = (caller: Caller, asked: object): Promise<unknown> =>
  room.ask(
    caller,
    `query ($input: BacktestCorrelationRuleInput!) { backtestCorrelationRule(input: $input) { total provenance { ${DEFINITIONS} } } }`,
    { input: { range: WHOLE_DAYS, ...asked } },
  );

describe("what is kept", () => {
  test("of cohorts and correlation rules means what their dimensions meant when they were defined, through later versions and archiving, and tells the version", async () => {
    const { caller, tierId } = await shop();
    const cohort = cohortSaved.parse(await room.ask(caller, COHORT, { input: { name: "large", definition: LARGE } }))
      .createCohort.cohort;
    expect(cohort).toMatchObject({ version: 1, definitions: V1 });
    const kept = await room.ask(caller, RULE, { input: { name: "twice", pattern: COUNTED } });
    // The pattern is told as it was given.
    expect(kept).toMatchObject({ defineCorrelationRule: { rule: { version: 1, pattern: COUNTED, definitions: V1 } } });
    expect(JSON.stringify(kept)).not.toContain("meanings");
    const rule = ruleSaved.parse(kept).defineCorrelationRule.rule.id;
    const unchanged = async (): Promise<void> => {
      expect(await inCohort(caller, cohort.id)).toEqual({
        olap: { totals: [{ integers: [2] }], provenance: { definitions: V1 } },
      });
      expect(await backtest(caller, { rule })).toMatchObject({
        backtestCorrelationRule: {
          ...{
            total: 1,
            provenance: { definitions: [{ kind: "CORRELATION_RULE", name: "twice", version: 1 }, ...V1] },
          },
        },
      });
    };
    await unchanged();
    await define(caller, "tier", tier("huge"));
    await unchanged();
    // What is not kept is of the version now; what is defined again keeps it, as the next version.
    expect(await backtest(caller, { pattern: COUNTED })).toMatchObject({
      backtestCorrelationRule: { total: 0, provenance: { definitions: V2 } },
    });
    const again = `mutation ($id: ID!, $input: UpdateCohortInput!) { updateCohort(id: $id, input: $input) { ... on CohortSaved { cohort {
      version ${DEFINITIONS} versions { version ${DEFINITIONS} } } } } }`;
    const copy = cohortSaved.parse(
      await room.ask(caller, COHORT, { input: { name: "copy", definition: { cohort: cohort.id } } }),
    ).createCohort.cohort;
    expect(await inCohort(caller, copy.id)).toMatchObject({ olap: { provenance: { definitions: V1 } } });
    const archive = `mutation ($id: ID!) { archiveDefinition(id: $id) { __typename } }`;
    expect(await room.ask(caller, archive, { id: tierId })).toEqual({
      archiveDefinition: { __typename: "DefinitionArchived" },
    });
    await unchanged();
    const refused = await room.answer(caller, COHORT, { input: { name: "late", definition: LARGE } });
    expect(refused.errors?.[0]).toMatchObject({
      message: expect.stringContaining("is archived: name one of its versions"),
      extensions: { code: "BAD_INPUT", field: "input.definition.did.event.filter.field" },
    });
    await define(caller, "tier", tier("huge"));
    expect(await room.ask(caller, again, { id: cohort.id, input: { definition: LARGE } })).toMatchObject({
      updateCohort: { cohort: { version: 2, versions: [{ version: 2 }, { version: 1, definitions: V1 }] } },
    });
    expect(await room.ask(caller, RULE, { input: { name: "twice", pattern: COUNTED } })).toMatchObject({
      defineCorrelationRule: { changed: true, rule: { version: 2 } },
    });
    expect(await room.ask(caller, RULE, { input: { name: "twice", pattern: COUNTED } })).toMatchObject({
      defineCorrelationRule: { changed: false },
    });
  });

  test("is of personal data where its dimension is, and of the mask where a data policy masks what that is made of", async () => {
    const { caller } = await shop();
    await define(caller, "who", { field: "userId" });
    await define(caller, "known", { cases: { cases: [{ when: { field: "userId", eq: "u1" }, label: "yes" }] } });
    const reader = callerWith(caller.tenantId, ["analytics:read", "analytics:define", "cohorts:manage"]);
    const by = (name: string) => ({ filter: { field: name, exists: true } });
    const refusals = await Promise.all(
      ["dimensions.who", "dimensions.known"].flatMap((name) => [
        room.answer(reader, COHORT, { input: { name: "x", definition: { did: { event: by(name) } } } }),
        room.answer(reader, RULE, {
          input: { name: "x", pattern: { ...COUNTED, parts: [{ name: "a", key: [name] }] } },
        }),
        room.answer(reader, "query ($input: RetentionInput!) { retention(input: $input) { total { size } } }", {
          input: { range: RANGE, unit: unit(name), start: {}, returning: {}, periods: 1 },
        }),
        room.answer(reader, "query ($input: LiveWindowsInput!) { liveWindows(input: $input) { hasMore } }", {
          input: { kind: "TUMBLING", size: "PT1M", keyBy: name },
        }),
      ]),
    );
    expect(
      refusals.map(({ errors }) => [errors?.[0]?.extensions?.["code"], errors?.[0]?.extensions?.["field"]]),
    ).toEqual(
      [1, 2].flatMap(() => [
        ["FORBIDDEN", "input.definition.did.event.filter.field"],
        ["FORBIDDEN", "input.pattern.parts.0.key.0"],
        ["FORBIDDEN", "input.unit.field"],
        ["FORBIDDEN", "input.keyBy"],
      ]),
    );
    const masks: DataPolicy["masks"] = { country: { kind: "CONSTANT", value: "hidden" } };
    const dataPolicy: DataPolicy = {
      ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks },
      salt: "0".repeat(32),
    };
    const masked = { ...caller, dataPolicy };
    const sizes = async (who: Caller, did: object) =>
      room.ask(who, "query ($input: PreviewCohortInput!) { previewCohort(input: $input) { size everybody } }", {
        input: { asOf: at(3), definition: { did: { event: { filter: did } } } },
      });
    const german = { field: "country", eq: "DE" };
    expect(await sizes(caller, { field: "dimensions.tier", eq: "large" })).toEqual(await sizes(caller, german));
    expect(await sizes(masked, { field: "dimensions.tier", eq: "large" })).toEqual(await sizes(masked, german));
    expect(await sizes(masked, german)).toEqual({ previewCohort: { size: 0, everybody: 3 } });
    const { id } = cohortSaved.parse(await room.ask(caller, COHORT, { input: { name: "large", definition: LARGE } }))
      .createCohort.cohort;
    expect(await inCohort(masked, id)).toMatchObject({ olap: { totals: [{ integers: [0] }] } });
    expect(await inCohort(caller, id)).toMatchObject({ olap: { totals: [{ integers: [2] }] } });
  });

  test("where a dimension can't stand it is refused at its place, with why", async () => {
    const { caller } = await shop();
    const joining = callerWith(caller.tenantId, [...caller.permissions, "indicators:share"]);
    const name = "dimensions.tier";
    const asked: readonly (readonly [string, string, object])[] = [
      [
        ...(["saveExpectation", "SaveExpectationInput"] as const),
        { where: { field: name, eq: "large" }, expect: { name: "x", present: { field: "url" } } },
      ],
      ["saveExpectation", "SaveExpectationInput", { expect: { name: "x", unique: { fields: [name] } } }],
      ["defineDimension", "DefineDimensionInput", { name: "x", expression: { text: { of: name, trim: true } } }],
      ["joinSharedIndicators", "JoinSharedIndicatorsInput", { fields: [{ field: name, kind: "DEVICE" }] }],
    ];
    const refused = await Promise.all(
      asked.map(([field, type, input]) =>
        room.answer(joining, `mutation ($input: ${type}!) { ${field}(input: $input) { __typename } }`, { input }),
      ),
    );
    expect(refused.map(({ errors }) => [errors?.[0]?.extensions?.["field"], errors?.[0]?.message])).toEqual([
      ["input.where.field", expect.stringContaining("tested together")],
      ["input.expect.unique.fields.0", expect.stringContaining("tested together")],
      ["input.expression.text.of", expect.stringContaining("not made of dimensions")],
      ["input.fields.0.field", expect.stringContaining("across tenants")],
    ]);
  });
});
