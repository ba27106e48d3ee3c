import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** What silences nobody is to be told of, and who is on call, as a tenant has them. */
export interface OwnSilences {
  readonly mark: string;
  readonly silenceId: string;
  readonly inhibitionId: string;
  readonly onCallScheduleId: string;
  readonly onCallOverrideId: string;
}

const id = z.object({ id: z.string() });
const PERSON = "0198c0de-0000-4000-8000-000000000001";

/** Alerts of no rule there is, so that nobody else's test is silenced by it. */
const matchers = (mark: string) => [{ label: "rule", operator: "EQUALS", values: [`${mark}-none`] }];
const span = () => ({
  from: new Date(Date.now() - 3_600_000).toISOString(),
  until: new Date(Date.now() + 86_400_000).toISOString(),
});
const newName = (mark: string): string => `${mark} ${randomUUID()}`;
const schedule = (mark: string) => ({
  ...{ name: newName(mark), timeZone: "Europe/Berlin" },
  layers: [{ name: mark, members: [PERSON], firstDate: "2026-01-05" }],
});

/** An escalation of alerts of no rule there is. */
export const escalation = (mark: string, target: object = { kind: "PERSON", id: PERSON }) => ({
  ...{ name: newName(mark), matchers: matchers(mark), steps: [{ after: "PT0S", targets: [target] }] },
});

/** Variables of the root fields about silences and who is on call. */
export const silenceExamples = {
  "Query.silences": () => ({}),
  "Query.inhibitions": () => ({}),
  "Query.onCallSchedules": () => ({}),
  "Query.whoIsOnCall": ({ onCallScheduleId }: OwnSilences) => ({ schedule: onCallScheduleId }),
  "Query.previewOnCall": ({ mark }: OwnSilences) => ({ input: schedule(mark), first: 1 }),
  "Mutation.createSilence": ({ mark }: OwnSilences) => ({
    input: { matchers: matchers(mark), window: span(), comment: mark },
  }),
  "Mutation.endSilence": ({ silenceId }: OwnSilences) => ({ id: silenceId }),
  "Mutation.createInhibition": ({ mark }: OwnSilences) => ({
    input: { name: newName(mark), source: matchers(mark), target: matchers(mark) },
  }),
  "Mutation.deleteInhibition": ({ inhibitionId }: OwnSilences) => ({ id: inhibitionId }),
  "Mutation.saveOnCallSchedule": ({ mark }: OwnSilences) => ({ input: schedule(mark) }),
  "Mutation.deleteOnCallSchedule": ({ onCallScheduleId }: OwnSilences) => ({ id: onCallScheduleId }),
  "Mutation.addOnCallOverride": ({ onCallScheduleId }: OwnSilences) => ({
    schedule: onCallScheduleId,
    input: { personId: PERSON, ...span() },
  }),
  "Mutation.removeOnCallOverride": ({ onCallOverrideId }: OwnSilences) => ({ id: onCallOverrideId }),
  "Query.escalationPolicies": () => ({}),
  "Query.escalationPages": () => ({ anomaly: PERSON }),
  "Query.notificationContacts": () => ({}),
  "Query.previewEscalation": ({ mark }: OwnSilences) => ({ input: escalation(mark) }),
  "Mutation.saveEscalationPolicy": ({ mark }: OwnSilences) => ({ input: escalation(mark) }),
  "Mutation.deleteEscalationPolicy": () => ({ id: PERSON }),
  "Mutation.setNotificationContacts": () => ({ person: PERSON, contacts: [] }),
};

type Marked = Pick<OwnSilences, "mark">;
const NOBODYS = { silenceId: "", inhibitionId: "", onCallScheduleId: "", onCallOverrideId: "" };

/** Makes a silence; answers its id. */
export const makeSilence = async (client: TesseraClient, { mark }: Marked): Promise<string> => {
  const shape = z.object({ createSilence: z.object({ silence: id }) });
  const text =
    "mutation ($input: SilenceInput!) { createSilence(input: $input) { ... on SilenceSaved { silence { id } } } }";
  return (await client.ask(shape, text, silenceExamples["Mutation.createSilence"]({ ...NOBODYS, mark }))).createSilence
    .silence.id;
};

/** Makes an inhibition; answers its id. */
export const makeInhibition = async (client: TesseraClient, { mark }: Marked): Promise<string> => {
  const shape = z.object({ createInhibition: z.object({ inhibition: id }) });
  const text =
    "mutation ($input: InhibitionInput!) { createInhibition(input: $input) { ... on InhibitionSaved { inhibition { id } } } }";
  const variables = silenceExamples["Mutation.createInhibition"]({ ...NOBODYS, mark });
  return (await client.ask(shape, text, variables)).createInhibition.inhibition.id;
};

/** Makes an on-call schedule; answers its id. */
export const makeOnCallSchedule = async (client: TesseraClient, { mark }: Marked): Promise<string> => {
  const shape = z.object({ saveOnCallSchedule: z.object({ schedule: id }) });
  const text = `mutation ($input: OnCallScheduleInput!) { saveOnCallSchedule(input: $input) {
    ... on OnCallScheduleSaved { schedule { id } } } }`;
  return (await client.ask(shape, text, { input: schedule(mark) })).saveOnCallSchedule.schedule.id;
};

/** Makes an escalation policy; answers its id. */
export const makeEscalation = async (client: TesseraClient, { mark }: Marked): Promise<string> => {
  const shape = z.object({ saveEscalationPolicy: z.object({ policy: id }) });
  const text = `mutation ($input: EscalationPolicyInput!) { saveEscalationPolicy(input: $input) {
    ... on EscalationPolicySaved { policy { id } } } }`;
  return (await client.ask(shape, text, { input: escalation(mark) })).saveEscalationPolicy.policy.id;
};

/** Puts down who stands in, on a schedule of its own; answers the override's id. */
export const makeOnCallOverride = async (client: TesseraClient, own: Marked): Promise<string> => {
  const onCallScheduleId = await makeOnCallSchedule(client, own);
  const shape = z.object({ addOnCallOverride: z.object({ schedule: z.object({ overrides: z.tuple([id]) }) }) });
  const text = `mutation ($schedule: ID!, $input: OnCallOverrideInput!) { addOnCallOverride(schedule: $schedule, input: $input) {
    ... on OnCallScheduleSaved { schedule { overrides { id } } } } }`;
  const variables = silenceExamples["Mutation.addOnCallOverride"]({ ...NOBODYS, ...own, onCallScheduleId });
  return (await client.ask(shape, text, variables)).addOnCallOverride.schedule.overrides[0].id;
};

/** Makes one of each. */
export const makeSilences = async (client: TesseraClient, own: Marked): Promise<Omit<OwnSilences, "mark">> => ({
  silenceId: await makeSilence(client, own),
  inhibitionId: await makeInhibition(client, own),
  onCallScheduleId: await makeOnCallSchedule(client, own),
  onCallOverrideId: await makeOnCallOverride(client, own),
});
