import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { MAX_FEEDBACK_OF_ANOMALY } from "../../store/feedback/feedback-store.ts";
import {
  anomaliesOf,
  eventRow,
  LONG_AGO_MS,
  makeRule,
  openAnomalyRoom,
  raise,
  rest,
  storeEvents,
  type AnomalyRoom,
} from "../../testing/anomaly-room.ts";
import { countOf } from "../../testing/definitions.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom();
});
afterAll(() => room.close());

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const ALL: readonly Permission[] = ["anomaly:read", "anomaly:manage", "anomaly:respond", "analytics:read"];
const iso = (ms: number): string => new Date(ms).toISOString();
const personOf = (tenantId: TenantId, id = "ada"): Caller => ({
  ...callerWith(tenantId, ALL),
  subject: { kind: "USER", id },
});
const ask = async (caller: Caller, document: string, variables: Readonly<Record<string, unknown>> = {}) => {
  const answer = await askSubgraph(room.subgraph, caller, document, variables);
  expect(answer.errors).toBeUndefined();
  return answer.data ?? {};
};

const ENTRY =
  "by { id } verdict cause note at expiresAt doneAt expected { repeats from until timeZone fromHour hours }";
const FEEDBACK = `feedback { verdict people standing { ${ENTRY} } history { by { id } verdict } }`;
const RESULT = `__typename ... on AnomalyFeedbackSaved { anomaly { id ${FEEDBACK} } } ... on AnomalyFeedbackLimitReached { limit }`;
const GIVE = `mutation ($id: ID!, $input: AnomalyFeedbackInput!) { result: giveAnomalyFeedback(id: $id, input: $input) { ${RESULT} } }`;
const WITHDRAW = `mutation ($id: ID!) { result: withdrawAnomalyFeedback(id: $id) { ${RESULT} } }`;
const DONE = "mutation ($cause: String!) { result: markCauseDone(cause: $cause) { cause verdicts } }";
const LEARNED = `query ($id: ID!) { rule(id: $id) { learned { factor group { name } effects {
  kind people factor cause until at expected { repeats } anomaly { id } } } } }`;

const give = async (caller: Caller, id: string, input: object) => (await ask(caller, GIVE, { id, input }))["result"];
const feedbackOf = (result: unknown): unknown =>
  z.object({ anomaly: z.object({ feedback: z.unknown() }) }).parse(result).anomaly.feedback;
const learnedOf = async (tenantId: TenantId, id: RuleId): Promise<unknown> =>
  z.object({ rule: z.object({ learned: z.array(z.unknown()) }) }).parse(await ask(personOf(tenantId), LEARNED, { id }))
    .rule.learned;

/** What was told of words on a tenant's anomalies, in their order. */
const judgedOf = async (tenantId: TenantId): Promise<readonly unknown[]> => {
  const text = "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'anomaly.judged' ORDER BY sequence";
  const { rows } = await room.engines.owner.query<{ payload: unknown }>(text, [tenantId]);
  return rows.map(({ payload }) => payload);
};

const raised = async (name: string) => {
  const tenantId = freshTenantId();
  const rule = await makeRule(room, tenantId, { name, enabled: false });
  await raise(room, tenantId, rule);
  const id = (await anomaliesOf(room, tenantId)).at(-1)?.id ?? "";
  return { tenantId, rule, id };
};

describe("What people say of an anomaly", () => {
  test("is counted person by person, the last of each, kept as it was said and taken back", async () => {
    const { tenantId, rule, id } = await raised("counted");
    const [ada, bob, eve] = ["ada", "bob", "eve"].map((person) => personOf(tenantId, person));
    if (ada === undefined || bob === undefined || eve === undefined) throw new Error("There are three people.");
    expect(await ask(ada, `query ($id: ID!) { anomaly(id: $id) { ${FEEDBACK} } }`, { id })).toEqual({
      anomaly: { feedback: { verdict: null, people: 0, standing: [], history: [] } },
    });
    await give(ada, id, { verdict: "FALSE", note: " a test " });
    expect(feedbackOf(await give(bob, id, { verdict: "TRUE" }))).toMatchObject({ verdict: "TRUE", people: 1 });
    expect(feedbackOf(await give(eve, id, { verdict: "FALSE" }))).toMatchObject({ verdict: "FALSE", people: 2 });
    // The same again, as a call that is repeated makes it, says nothing anew.
    const same = feedbackOf(await give(ada, id, { verdict: "FALSE", note: "a test" }));
    expect(same).toMatchObject({
      standing: [
        { by: { id: "ada" }, verdict: "FALSE", note: "a test", at: iso(room.clock.ms), cause: null, expected: null },
        { by: { id: "bob" }, verdict: "TRUE" },
        { by: { id: "eve" }, verdict: "FALSE" },
      ],
      history: [{ by: { id: "ada" } }, { by: { id: "bob" } }, { by: { id: "eve" } }],
    });
    expect(await learnedOf(tenantId, rule)).toMatchObject([
      { factor: 1.5, effects: [{ kind: "THRESHOLD_RAISED", people: 2, factor: 1.5, anomaly: { id } }] },
    ]);
    for (const _again of [1, 2]) await ask(eve, WITHDRAW, { id });
    expect(feedbackOf((await ask(ada, WITHDRAW, { id }))["result"])).toMatchObject({
      verdict: "TRUE",
      people: 1,
      history: [{}, {}, {}, { by: { id: "eve" }, verdict: null }, { by: { id: "ada" }, verdict: null }],
    });
    expect(await learnedOf(tenantId, rule)).toMatchObject([{ factor: 1, effects: [{ kind: "THRESHOLD_LOWERED" }] }]);
    // Told once for each that says something new, with what all say together.
    const verdicts = ["FALSE", "TRUE", "FALSE", "TRUE", "TRUE"];
    const same2 = { tenantId, anomalyId: id, ruleId: rule, question: null, group: [] };
    expect(await judgedOf(tenantId)).toMatchObject(verdicts.map((verdict) => ({ ...same2, verdict })));
  });

  test("is of the caller's tenant, needs the right to respond, and is never changed in the store", async () => {
    const { tenantId, id } = await raised("sealed");
    await give(personOf(tenantId), id, { verdict: "FALSE" });
    for (const [who, what] of [
      [freshTenantId(), id],
      [tenantId, randomUUID()],
      [tenantId, "nonsense"],
    ] as const) {
      expect(await give(personOf(who), what, { verdict: "TRUE" })).toEqual({ __typename: "AnomalyNotFound" });
      expect((await ask(personOf(who), WITHDRAW, { id: what }))["result"]).toEqual({ __typename: "AnomalyNotFound" });
    }
    const reader = callerWith(tenantId, ["anomaly:read", "anomaly:manage"]);
    expect((await askSubgraph(room.subgraph, reader, GIVE, { id, input: { verdict: "TRUE" } })).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    const update = { text: "UPDATE anomaly_feedback SET note = 'x' WHERE tenant_id = $1", params: [tenantId] };
    await expect(
      room.engines.resources.sql.run(tenantId, { name: "feedback-test-update", ...update }, () => null),
    ).rejects.toThrow(/permission denied/u);
  });

  test("is one of as many verdicts as an anomaly may have", async () => {
    const { tenantId, id } = await raised("limited");
    await give(personOf(tenantId), id, { verdict: "TRUE" });
    await room.engines.owner.query(
      `INSERT INTO anomaly_feedback (tenant_id, id, anomaly_id, rule_id, verdict, seen, given_by, at)
        SELECT tenant_id, gen_random_uuid(), anomaly_id, rule_id, verdict, seen, jsonb_build_object('kind', 'USER', 'id', 'p' || n), at
        FROM anomaly_feedback, generate_series(1, $2) n WHERE tenant_id = $1`,
      [tenantId, MAX_FEEDBACK_OF_ANOMALY - 1],
    );
    expect(await give(personOf(tenantId), id, { verdict: "FALSE" })).toEqual({
      __typename: "AnomalyFeedbackLimitReached",
      limit: MAX_FEEDBACK_OF_ANOMALY,
    });
  });

  test.each([
    ["input.cause", { verdict: "KNOWN_ISSUE" }],
    ["input.cause", { verdict: "TRUE", cause: "x" }],
    ["input.expected", { verdict: "FALSE", expected: {} }],
    ["input.expiresAt", { verdict: "TRUE", expiresAt: iso(LONG_AGO_MS + DAY_MS) }],
    ["input.expiresAt", { verdict: "KNOWN_ISSUE", cause: "x", expiresAt: iso(LONG_AGO_MS + 91 * DAY_MS) }],
    ["input.expected.from", { verdict: "EXPECTED", expected: { repeats: "ONCE" } }],
    ["input.expected.until", { verdict: "EXPECTED", expected: { from: iso(LONG_AGO_MS) } }],
    [
      "input.expected",
      { verdict: "EXPECTED", expected: { from: iso(LONG_AGO_MS), until: iso(LONG_AGO_MS + 2 * DAY_MS) } },
    ],
    ["input.note", { verdict: "TRUE", note: "x".repeat(2_001) }],
  ])("is refused at %s when it makes no sense: %j", async (field, input) => {
    const { tenantId, id } = await raised("refused");
    const answer = await askSubgraph(room.subgraph, personOf(tenantId), GIVE, { id, input });
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
  });
});

describe("The evaluator", () => {
  const steps = z.array(
    z.object({ to_state: z.string(), reason: z.string(), notify: z.boolean(), silence: z.string().nullable() }),
  );
  const stepsOf = async (tenantId: TenantId, rule: RuleId) => {
    const text =
      "SELECT to_state, reason, notify, silence FROM anomaly_transition WHERE tenant_id = $1 AND rule_id = $2 ORDER BY id";
    const { rows } = await room.engines.owner.query(text, [tenantId, rule]);
    return steps
      .parse(rows)
      .map((step) => `${step.to_state} ${step.reason} ${step.notify ? "told" : (step.silence ?? "-")}`);
  };
  const TOLD = ["FIRING BREACHED_LONG_ENOUGH told", "RESOLVED RETURNED_LONG_ENOUGH told"];
  const SILENT = ["FIRING BREACHED_LONG_ENOUGH FEEDBACK", "RESOLVED RETURNED_LONG_ENOUGH -"];

  /** A rule that fires above four events within five minutes, and a way to have it see so many and come back. */
  const watched = async (name: string) => {
    const tenantId = freshTenantId();
    const rule = await makeRule(room, tenantId, { name, metric: countOf(name), threshold: 4 });
    const evaluate = room.worker();
    // So far apart that nothing flaps.
    const look = async (count: number) => {
      room.clock.ms += 70 * MINUTE_MS;
      await storeEvents(
        room,
        Array.from({ length: count }, () => eventRow(tenantId, name, room.clock.ms - MINUTE_MS)),
      );
      await evaluate();
    };
    const last = async () => (await anomaliesOf(room, tenantId)).at(-1)?.id ?? "";
    return { tenantId, rule, look, last };
  };

  test("tells nobody of what is not as far out as people want, tells of what is, and learns back", async () => {
    const { tenantId, rule, look, last } = await watched("factor");
    const [ada, from] = [personOf(tenantId), iso(room.clock.ms)];
    await look(5);
    await look(0);
    expect(await stepsOf(tenantId, rule)).toEqual(TOLD);
    const first = await last();
    await give(ada, first, { verdict: "FALSE" });
    await look(5);
    await look(0);
    await look(7);
    await look(0);
    expect(await stepsOf(tenantId, rule)).toEqual([...TOLD, ...SILENT, ...TOLD]);
    // The silenced one is an anomaly like any other, and can be said to have been one.
    const silenced = (await anomaliesOf(room, tenantId))[1]?.id ?? "";
    await give(ada, silenced, { verdict: "TRUE" });
    await look(5);
    await look(0);
    expect(await stepsOf(tenantId, rule)).toEqual([...TOLD, ...SILENT, ...TOLD, ...TOLD]);
    const simulated = await ask(
      ada,
      `query ($rule: ID!, $from: DateTime!, $to: DateTime!) { simulateRule(rule: $rule, change: { evaluationIntervalSeconds: 600 }, from: $from, to: $to) { episodeCount
        episodes { suppressed } feedback { anomalies suppressed suppressedTrue asFound { told judged precision recall } asLearned { told } } } }`,
      { rule, from, to: iso(room.clock.ms) },
    );
    const scored = z
      .object({ simulateRule: z.object({ episodeCount: z.number(), feedback: z.unknown() }) })
      .parse(simulated).simulateRule;
    expect(scored).toMatchObject({ episodeCount: 4 });
    expect(scored.feedback).toEqual({
      ...{ anomalies: 2, suppressed: 0, suppressedTrue: 0, asLearned: { told: 4 } },
      asFound: { told: 4, judged: 2, precision: 0.5, recall: 1 },
    });
    await rest(room, [tenantId]);
  });

  test("tells nobody of an issue that is known until its cause is done, and then that it lasts", async () => {
    const { tenantId, rule, look, last } = await watched("known");
    const ada = personOf(tenantId);
    await look(5);
    const cause = `T-${randomUUID()}`;
    const said = feedbackOf(await give(ada, await last(), { verdict: "KNOWN_ISSUE", cause }));
    expect(said).toMatchObject({ standing: [{ cause, expiresAt: iso(room.clock.ms + 30 * DAY_MS), doneAt: null }] });
    // What people were told of is told to be over.
    await look(0);
    await look(9);
    expect(await stepsOf(tenantId, rule)).toEqual([...TOLD, "FIRING BREACHED_LONG_ENOUGH FEEDBACK"]);
    expect(await learnedOf(tenantId, rule)).toMatchObject([
      {
        factor: 1,
        effects: [{ kind: "KNOWN_ISSUE", cause, until: iso(room.clock.ms - 140 * MINUTE_MS + 30 * DAY_MS) }],
      },
    ]);
    expect((await ask(personOf(freshTenantId()), DONE, { cause }))["result"]).toEqual({ cause, verdicts: 0 });
    expect((await ask(ada, DONE, { cause }))["result"]).toEqual({ cause, verdicts: 1 });
    expect((await ask(ada, DONE, { cause }))["result"]).toEqual({ cause, verdicts: 0 });
    await look(9);
    expect(await stepsOf(tenantId, rule)).toEqual([
      ...[...TOLD, "FIRING BREACHED_LONG_ENOUGH FEEDBACK", "FIRING SILENCE_ENDED told"],
    ]);
    expect(await learnedOf(tenantId, rule)).toEqual([]);
    await rest(room, [tenantId]);
  });

  test("tells nobody of what is expected in the same hours of a week, but at other hours", async () => {
    const { tenantId, rule, look, last } = await watched("expected");
    await look(5);
    await look(0);
    const said = feedbackOf(await give(personOf(tenantId), await last(), { verdict: "EXPECTED" }));
    expect(said).toMatchObject({ standing: [{ expected: { repeats: "WEEKLY", from: null, timeZone: "UTC" } }] });
    room.clock.ms += 7 * DAY_MS - 140 * MINUTE_MS;
    await look(5);
    await look(0);
    room.clock.ms += 12 * 60 * MINUTE_MS;
    await look(5);
    await look(0);
    expect(await stepsOf(tenantId, rule)).toEqual([...TOLD, ...SILENT, ...TOLD]);
    await rest(room, [tenantId]);
  });
});
