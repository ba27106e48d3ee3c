import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Permission } from "@tessera/contracts/permissions";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createSilenceStore, MAX_INHIBITIONS, MAX_SILENCES } from "../../store/silences/silence-store.ts";
import {
  eventRow,
  LONG_AGO_MS,
  makeRule,
  openAnomalyRoom,
  rest,
  storeEvents,
  type AnomalyRoom,
} from "../../testing/anomaly-room.ts";
import { countOf } from "../../testing/definitions.ts";
import { createReadSilences } from "./silence-operations.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom();
});
afterAll(() => room.close());

const ALL: readonly Permission[] = ["anomaly:read", "anomaly:manage", "anomaly:respond", "notifications:manage"];
const HOUR_MS = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const answerOf = (tenantId: TenantId, document: string, variables: object = {}, permissions = ALL) =>
  askSubgraph(room.subgraph, callerWith(tenantId, [...permissions]), document, { ...variables });
const ask = async (tenantId: TenantId, document: string, variables: object = {}) => {
  const answer = await answerOf(tenantId, document, variables);
  expect(answer.errors).toBeUndefined();
  return answer.data ?? {};
};
const idOf = (value: unknown, field: string): string =>
  z.object({ [field]: z.object({ id: z.string() }) }).parse(value)[field]?.id ?? "";

const team = (value: string) => [{ label: "team", operator: "EQUALS", values: [value] }];
const SILENCE = `id kind comment inForce nextFrom endedAt createdAt createdBy { kind id } matchers { label operator values }
  window { from until cron timeZone duration }`;
const CREATE = `mutation ($input: SilenceInput!) { result: createSilence(input: $input) { __typename
  ... on SilenceSaved { silence { ${SILENCE} } } ... on SilenceLimitReached { limit } } }`;
const END = `mutation ($id: ID!) { result: endSilence(id: $id) { __typename ... on SilenceSaved { silence { ${SILENCE} } } ... on SilenceNotFound { id } } }`;
const LIST = `query ($first: Int!, $after: Cursor) { silences(first: $first, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }`;
const INHIBIT = `mutation ($input: InhibitionInput!) { result: createInhibition(input: $input) { __typename
  ... on InhibitionSaved { inhibition { id name source { label operator values } target { label } equal createdAt } }
  ... on InhibitionNameTaken { name } ... on SilenceLimitReached { limit } } }`;
const RELEASE = `mutation ($id: ID!) { result: deleteInhibition(id: $id) { __typename ... on InhibitionDeleted { id } ... on SilenceNotFound { id } } }`;

const once = (fromMs: number, hours: number) => ({ from: iso(fromMs), until: iso(fromMs + hours * HOUR_MS) });
const silence = (window: object, more: object = {}) => ({ matchers: team("a"), window, comment: "why", ...more });
const read = (tenantId: TenantId, atMs: number) =>
  createReadSilences(createSilenceStore(room.engines.resources.sql))(tenantId, atMs);

describe("a silence", () => {
  test("is kept as it was made, found again, in force for whoever evaluates rules, and ended once", async () => {
    const [tenantId, nowMs] = [freshTenantId(), room.clock.ms];
    const window = { from: iso(nowMs - HOUR_MS), cron: "0 2 * * SUN", timeZone: "Europe/Berlin", duration: "PT2H" };
    const recurring = (await ask(tenantId, CREATE, { input: silence(window, { kind: "MAINTENANCE" }) }))["result"];
    expect(recurring).toMatchObject({
      __typename: "SilenceSaved",
      silence: {
        kind: "MAINTENANCE",
        comment: "why",
        inForce: false,
        endedAt: null,
        matchers: team("a"),
        window: { ...window, until: null, duration: "PT7200S" },
      },
    });
    const made = (await ask(tenantId, CREATE, { input: silence(once(nowMs, 1)) }))["result"];
    expect(made).toMatchObject({
      silence: {
        kind: "SUPPRESSED",
        inForce: true,
        nextFrom: null,
        createdAt: iso(nowMs),
        createdBy: { kind: "API_KEY" },
      },
    });
    const around = async (atMs: number, of: string) =>
      (await read(tenantId, atMs))({ fingerprint: "f", labels: { team: of } });
    expect(await around(nowMs, "a")).toEqual(["SUPPRESSED"]);
    expect(await around(nowMs, "b")).toEqual([]);
    // The first Sunday after, at 02:00 in Berlin.
    expect(await around(Date.parse("2020-03-08T01:30:00Z"), "a")).toEqual(["MAINTENANCE"]);
    const id = idOf(made, "silence");
    for (const _again of [1, 2])
      expect((await ask(tenantId, END, { id }))["result"]).toMatchObject({
        silence: { id, inForce: false, nextFrom: null, endedAt: iso(nowMs) },
      });
    expect(await around(nowMs, "a")).toEqual([]);
  });

  test("that makes no sense, or would be over, is refused and its place named", async () => {
    const [tenantId, nowMs] = [freshTenantId(), room.clock.ms];
    const refused = async (input: object) => (await answerOf(tenantId, CREATE, { input })).errors?.[0]?.extensions;
    expect(await refused(silence(once(nowMs - 2 * HOUR_MS, 1)))).toMatchObject({
      code: "BAD_INPUT",
      field: "input.window.until",
    });
    expect(await refused(silence({ from: iso(nowMs) }))).toMatchObject({
      code: "BAD_INPUT",
      field: "input.window.until",
    });
    const pattern = [{ label: "team", operator: "REGEX", values: ["(?<!a)b"] }];
    expect(await refused(silence(once(nowMs, 1), { matchers: pattern }))).toMatchObject({
      code: "BAD_INPUT",
      field: "input.matchers.0.values.0",
    });
    expect(await refused(silence(once(nowMs, 1), { comment: "a\u0000b" }))).toMatchObject({ code: "BAD_INPUT" });
  });

  test("is one of as many as may be in force, and of no other tenant's", async () => {
    const [tenantId, other, nowMs] = [freshTenantId(), freshTenantId(), room.clock.ms];
    const store = createSilenceStore(room.engines.resources.sql);
    const window = { kind: "ONCE", fromMs: nowMs, untilMs: nowMs + HOUR_MS } as const;
    const definition = {
      kind: "SUPPRESSED",
      matchers: [{ label: "team", operator: "EQUALS", values: ["a"] }],
      window,
      comment: "why",
    } as const;
    const one = () => ({
      id: room.engines.resources.newId(),
      definition,
      createdBy: { kind: "USER", id: "x" } as const,
      overAtMs: window.untilMs,
    });
    for (let made = 1; made < MAX_SILENCES; made += 1) await store.create(tenantId, one(), nowMs);
    const both = await Promise.all([1, 2].map(() => ask(tenantId, CREATE, { input: silence(once(nowMs, 1)) })));
    const kinds = both.map(
      (made) => z.object({ result: z.object({ __typename: z.string() }) }).parse(made).result.__typename,
    );
    expect(kinds.toSorted()).toEqual(["SilenceLimitReached", "SilenceSaved"]);
    const page = z.object({
      silences: z.object({
        edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      }),
    });
    const seen: string[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const { edges, pageInfo }: z.infer<typeof page>["silences"] = page.parse(
        await ask(tenantId, LIST, { first: 150, after }),
      ).silences;
      seen.push(...edges.map(({ node }) => node.id));
      [more, after] = [pageInfo.hasNextPage, pageInfo.endCursor];
    }
    expect(new Set(seen).size).toBe(MAX_SILENCES);
    expect(await ask(other, LIST, { first: 1 })).toEqual({
      silences: { edges: [], pageInfo: { hasNextPage: false, endCursor: null } },
    });
    const foreign = { silences: { edges: [], pageInfo: { hasNextPage: false, endCursor: null } } };
    expect(await ask(other, LIST, { first: 1, after: seen[0] })).toEqual(foreign);
    const id = seen[0] ?? "";
    for (const [who, what] of [
      [other, id],
      [tenantId, "nonsense"],
      [tenantId, randomUUID()],
    ] as const)
      expect((await ask(who, END, { id: what }))["result"]).toEqual({ __typename: "SilenceNotFound", id: what });
    expect((await read(other, nowMs))({ fingerprint: "f", labels: { team: "a" } })).toEqual([]);
    // What is over makes room.
    expect((await ask(tenantId, END, { id }))["result"]).toMatchObject({ __typename: "SilenceSaved" });
    expect((await ask(tenantId, CREATE, { input: silence(once(nowMs, 1)) }))["result"]).toMatchObject({
      __typename: "SilenceSaved",
    });
  });
});

describe("an inhibition", () => {
  test("has its name alone, is listed and deleted, and there are as many as may be", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    const input = { name: "database", source: team("a"), target: team("b"), equal: ["site"] };
    const made = (await ask(tenantId, INHIBIT, { input }))["result"];
    expect(made).toMatchObject({
      __typename: "InhibitionSaved",
      inhibition: { name: "database", source: team("a"), equal: ["site"] },
    });
    expect((await ask(tenantId, INHIBIT, { input }))["result"]).toEqual({
      __typename: "InhibitionNameTaken",
      name: "database",
    });
    expect(await ask(other, "{ inhibitions { name } }")).toEqual({ inhibitions: [] });
    for (let more = 1; more < MAX_INHIBITIONS; more += 1)
      await ask(tenantId, INHIBIT, { input: { ...input, name: `n${more}` } });
    expect((await ask(tenantId, INHIBIT, { input: { ...input, name: "more" } }))["result"]).toEqual({
      __typename: "SilenceLimitReached",
      limit: MAX_INHIBITIONS,
    });
    const id = idOf(made, "inhibition");
    expect((await ask(other, RELEASE, { id }))["result"]).toEqual({ __typename: "SilenceNotFound", id });
    expect((await ask(tenantId, RELEASE, { id }))["result"]).toEqual({ __typename: "InhibitionDeleted", id });
    const { inhibitions } = z
      .object({ inhibitions: z.array(z.object({ name: z.string() })) })
      .parse(await ask(tenantId, "{ inhibitions { name } }"));
    expect(inhibitions).toHaveLength(MAX_INHIBITIONS - 1);
  });
});

describe("the evaluator", () => {
  const MINUTE_MS = 60_000;
  const steps = z.array(z.object({ reason: z.string(), notify: z.boolean(), silence: z.string().nullable() }));
  const stepsOf = async (tenantId: TenantId, rule: string) => {
    const text =
      "SELECT reason, notify, silence FROM anomaly_transition WHERE tenant_id = $1 AND rule_id = $2 ORDER BY id";
    const { rows } = await room.engines.owner.query(text, [tenantId, rule]);
    return steps.parse(rows).map(({ reason, notify, silence: by }) => `${reason} ${notify ? "told" : (by ?? "-")}`);
  };
  // A breach whenever it is looked at: events in the five minutes before.
  const breach = async (tenantId: TenantId, name: string) => {
    const rule = await makeRule(room, tenantId, { name, metric: countOf(name) });
    const rows = [0, 1, 2, 3, 4].map((minute) => eventRow(tenantId, name, room.clock.ms + minute * MINUTE_MS - 1_000));
    await storeEvents(room, [
      ...rows,
      ...rows.map((row) => ({ ...row, event_id: randomUUID() })),
      ...rows.map((row) => ({ ...row, event_id: randomUUID() })),
    ]);
    return rule;
  };

  test("tells nobody of an alert that is silenced, and tells of it when the silence has ended", async () => {
    const tenantId = freshTenantId();
    const rule = await breach(tenantId, "silenced");
    const matchers = [{ label: "rule", operator: "IN", values: ["silenced", "x"] }];
    const made = await ask(tenantId, CREATE, {
      input: silence(once(room.clock.ms, 1), { matchers, kind: "MAINTENANCE" }),
    });
    const evaluate = room.worker();
    await evaluate();
    expect(await stepsOf(tenantId, rule)).toEqual(["BREACHED_LONG_ENOUGH MAINTENANCE"]);
    await ask(tenantId, END, { id: idOf(made["result"], "silence") });
    room.clock.ms += MINUTE_MS;
    await evaluate();
    await evaluate();
    expect(await stepsOf(tenantId, rule)).toEqual(["BREACHED_LONG_ENOUGH MAINTENANCE", "SILENCE_ENDED told"]);
    await rest(room, [tenantId]);
    room.clock.ms = LONG_AGO_MS;
  });

  test("tells nobody of a child while its parent fires", async () => {
    const tenantId = freshTenantId();
    const named = (name: string) => [{ label: "rule", operator: "EQUALS", values: [name] }];
    await ask(tenantId, INHIBIT, { input: { name: "above", source: named("parent"), target: named("child") } });
    const evaluate = room.worker();
    const parent = await breach(tenantId, "parent");
    await evaluate();
    const child = await breach(tenantId, "child");
    await evaluate();
    expect(await stepsOf(tenantId, parent)).toEqual(["BREACHED_LONG_ENOUGH told"]);
    expect(await stepsOf(tenantId, child)).toEqual(["BREACHED_LONG_ENOUGH INHIBITED"]);
    await rest(room, [tenantId]);
  });
});
