import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { MAX_SCHEDULES } from "../../store/on-call/on-call-store.ts";
import { openAnomalyRoom, type AnomalyRoom } from "../../testing/anomaly-room.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom();
});
afterAll(() => room.close());

const answerOf = (tenantId: TenantId, document: string, variables: object = {}) =>
  askSubgraph(room.subgraph, callerWith(tenantId, ["anomaly:read", "notifications:manage"]), document, {
    ...variables,
  });
const ask = async (tenantId: TenantId, document: string, variables: object = {}) => {
  const answer = await answerOf(tenantId, document, variables);
  expect(answer.errors).toBeUndefined();
  return answer.data ?? {};
};

const [ann, bob, cem] = ["1", "2", "3"].map((digit) => `0198c0de-0000-4000-8000-00000000000${digit}`);
const layer = {
  name: "week",
  members: [ann, bob],
  firstDate: "2020-02-24",
  lastDate: null,
  handoverAt: "09:00",
  everyDays: 7,
  hours: [],
};
const input = { name: "primary", timeZone: "Europe/Berlin", layers: [layer] };
const SCHEDULE = `id name timeZone version layers { name members firstDate lastDate handoverAt everyDays hours { weekdays from to } }
  overrides { id personId from until } onCall { personId layer overrideId } shifts(first: 3) { from until onCall { personId } } createdAt changedAt`;
const SAVE = `mutation ($id: ID, $version: Int, $input: OnCallScheduleInput!) { result: saveOnCallSchedule(id: $id, version: $version, input: $input) {
  __typename ... on OnCallScheduleSaved { schedule { ${SCHEDULE} } } ... on OnCallNameTaken { name } ... on OnCallNotFound { id }
  ... on OnCallChangedMeanwhile { schedule { version } } ... on SilenceLimitReached { limit } } }`;
const STAND_IN = `mutation ($schedule: ID!, $input: OnCallOverrideInput!) { result: addOnCallOverride(schedule: $schedule, input: $input) {
  __typename ... on OnCallScheduleSaved { schedule { ${SCHEDULE} } } ... on OnCallNotFound { id } } }`;
const deletion = (field: string): string =>
  `mutation ($id: ID!) { result: ${field}(id: $id) { __typename ... on OnCallDeleted { id } ... on OnCallNotFound { id } } }`;
const [DELETE, TAKE_BACK] = [deletion("deleteOnCallSchedule"), deletion("removeOnCallOverride")];
const WHO =
  "query ($schedule: ID!, $at: DateTime) { whoIsOnCall(schedule: $schedule, at: $at) { personId layer overrideId } }";
const saved = z.object({
  result: z.object({
    schedule: z.looseObject({ id: z.string(), overrides: z.array(z.looseObject({ id: z.string() })) }),
  }),
});
const make = async (tenantId: TenantId, name = "primary"): Promise<string> =>
  saved.parse(await ask(tenantId, SAVE, { input: { ...input, name } })).result.schedule.id;

test("A schedule is kept as it was made, says who is on call, and is changed from the version that was read alone", async () => {
  const tenantId = freshTenantId();
  const made = (await ask(tenantId, SAVE, { input }))["result"];
  // 2020-03-01 12:00 UTC is in the first week.
  expect(made).toMatchObject({
    __typename: "OnCallScheduleSaved",
    schedule: { ...input, version: 1, overrides: [], onCall: { personId: ann, layer: "week", overrideId: null } },
  });
  expect(z.object({ schedule: z.object({ shifts: z.unknown() }) }).parse(made).schedule.shifts).toEqual([
    { from: "2020-03-01T12:00:00.000Z", until: "2020-03-02T08:00:00.000Z", onCall: { personId: ann } },
    { from: "2020-03-02T08:00:00.000Z", until: "2020-03-09T08:00:00.000Z", onCall: { personId: bob } },
    { from: "2020-03-09T08:00:00.000Z", until: "2020-03-16T08:00:00.000Z", onCall: { personId: ann } },
  ]);
  const { id } = saved.parse({ result: made }).result.schedule;
  const change = (version: number, name: string) => ask(tenantId, SAVE, { id, version, input: { ...input, name } });
  expect((await change(1, "first"))["result"]).toMatchObject({
    __typename: "OnCallScheduleSaved",
    schedule: { id, version: 2, name: "first" },
  });
  expect((await change(1, "again"))["result"]).toEqual({
    __typename: "OnCallChangedMeanwhile",
    schedule: { version: 2 },
  });
  await make(tenantId, "second");
  expect((await change(2, "second"))["result"]).toEqual({ __typename: "OnCallNameTaken", name: "second" });
  expect(await ask(tenantId, "{ onCallSchedules { name } }")).toEqual({
    onCallSchedules: [{ name: "first" }, { name: "second" }],
  });
  expect(await ask(tenantId, WHO, { schedule: id, at: "2020-03-03T00:00:00Z" })).toMatchObject({
    whoIsOnCall: { personId: bob },
  });
  const gone = (await ask(tenantId, DELETE, { id }))["result"];
  expect([gone, (await ask(tenantId, DELETE, { id }))["result"]]).toEqual([
    { __typename: "OnCallDeleted", id },
    { __typename: "OnCallNotFound", id },
  ]);
  expect((await change(2, "late"))["result"]).toEqual({ __typename: "OnCallNotFound", id });
});

test("Who stands in is on call above all layers until it is taken back", async () => {
  const tenantId = freshTenantId();
  const schedule = await make(tenantId);
  const standIn = { personId: cem, from: "2020-03-01T11:00:00Z", until: "2020-03-01T13:00:00Z" };
  const added = await ask(tenantId, STAND_IN, { schedule, input: standIn });
  const [override] = saved.parse(added).result.schedule.overrides;
  expect(added["result"]).toMatchObject({
    schedule: { onCall: { personId: cem, layer: null, overrideId: override?.id } },
  });
  expect(await ask(tenantId, WHO, { schedule })).toEqual({
    whoIsOnCall: { personId: cem, layer: null, overrideId: override?.id },
  });
  expect(await ask(tenantId, WHO, { schedule, at: "2020-03-01T13:00:00Z" })).toMatchObject({
    whoIsOnCall: { personId: ann },
  });
  expect((await ask(tenantId, TAKE_BACK, { id: override?.id }))["result"]).toMatchObject({
    __typename: "OnCallDeleted",
  });
  expect(await ask(tenantId, WHO, { schedule })).toMatchObject({ whoIsOnCall: { personId: ann } });
});

test("A schedule is tried before it is saved, and what makes no sense is refused with its place", async () => {
  const tenantId = freshTenantId();
  const PREVIEW =
    "query ($input: OnCallScheduleInput!, $first: Int!, $from: DateTime) { shifts: previewOnCall(input: $input, first: $first, from: $from) { from onCall { personId } } }";
  const shifts = await ask(tenantId, PREVIEW, { input, first: 2, from: "2020-02-20T00:00:00Z" });
  expect(shifts).toEqual({
    shifts: [
      { from: "2020-02-20T00:00:00.000Z", onCall: { personId: null } },
      { from: "2020-02-24T08:00:00.000Z", onCall: { personId: ann } },
    ],
  });
  const refused = async (document: string, variables: object) =>
    (await answerOf(tenantId, document, variables)).errors?.[0]?.extensions;
  expect(await refused(PREVIEW, { input, first: 201 })).toMatchObject({ code: "BAD_INPUT", field: "first" });
  expect(await refused(PREVIEW, { input, first: 1, from: "2030-01-01T00:00:00Z" })).toMatchObject({
    code: "BAD_INPUT",
    field: "from",
  });
  expect(await refused(SAVE, { input: { ...input, timeZone: "Mars/Olympus" } })).toMatchObject({
    code: "BAD_INPUT",
    field: "input.timeZone",
  });
  expect(await refused(SAVE, { input, version: 1 })).toMatchObject({ code: "BAD_INPUT", field: "version" });
  const over = { personId: cem, from: "2020-02-01T11:00:00Z", until: "2020-02-01T13:00:00Z" };
  expect(await refused(STAND_IN, { schedule: randomUUID(), input: over })).toMatchObject({
    code: "BAD_INPUT",
    field: "input.until",
  });
});

test("A tenant has as many schedules as allowed, and reaches no other's", async () => {
  const [tenantId, other] = [freshTenantId(), freshTenantId()];
  const schedule = await make(tenantId);
  for (let more = 1; more < MAX_SCHEDULES; more += 1) await make(tenantId, `n${more}`);
  expect((await ask(tenantId, SAVE, { input: { ...input, name: "more" } }))["result"]).toEqual({
    __typename: "SilenceLimitReached",
    limit: MAX_SCHEDULES,
  });
  const standIn = { personId: cem, from: "2020-03-01T11:00:00Z", until: "2020-03-01T13:00:00Z" };
  const [override] = saved.parse(await ask(tenantId, STAND_IN, { schedule, input: standIn })).result.schedule.overrides;
  expect(await ask(other, WHO, { schedule })).toEqual({ whoIsOnCall: null });
  expect(await ask(other, "{ onCallSchedules { id } }")).toEqual({ onCallSchedules: [] });
  expect((await ask(other, STAND_IN, { schedule, input: standIn }))["result"]).toEqual({
    __typename: "OnCallNotFound",
    id: schedule,
  });
  expect((await ask(other, SAVE, { id: schedule, version: 1, input }))["result"]).toEqual({
    __typename: "OnCallNotFound",
    id: schedule,
  });
  for (const [document, id] of [
    [DELETE, schedule],
    [TAKE_BACK, override?.id],
    [TAKE_BACK, "nonsense"],
  ] as const)
    expect((await ask(other, document, { id }))["result"]).toEqual({ __typename: "OnCallNotFound", id });
  expect(await ask(tenantId, WHO, { schedule })).toMatchObject({ whoIsOnCall: { personId: cem } });
});
