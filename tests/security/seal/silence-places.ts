import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeChannel } from "../notify-examples.ts";
import {
  escalation,
  makeEscalation,
  makeInhibition,
  makeOnCallOverride,
  makeOnCallSchedule,
  makeSilence,
  silenceExamples,
} from "../silence-examples.ts";

/** Places that take the id of an escalation policy, or of a channel that one or a person is told by. */
const escalationPlaces = (client: () => TesseraClient) => {
  const fresh = (own: OwnThings): Promise<string> => makeEscalation(client(), own);
  const selection = "{ __typename }";
  return {
    "Mutation.saveEscalationPolicy(id)": {
      own: fresh,
      variables: (id: string) => ({ id, version: 1, input: escalation("sealed") }),
      selection,
    },
    "Mutation.saveEscalationPolicy(input.steps.targets.id)": {
      own: (own: OwnThings) => makeChannel(client(), own),
      variables: (id: string) => ({ input: escalation("sealed", { kind: "CHANNEL", id }) }),
      selection,
    },
    "Mutation.deleteEscalationPolicy(id)": { own: fresh, variables: (id: string) => ({ id }), selection },
    "Mutation.setNotificationContacts(contacts.channel)": {
      own: (own: OwnThings) => makeChannel(client(), own),
      variables: (channel: string) => ({ person: "0198c0de-0000-4000-8000-000000000001", contacts: [{ channel }] }),
      selection,
    },
  };
};

/** Places that take the id of a silence, an inhibition, an on-call schedule or whoever stands in, by a fresh one of alpha where asking changes it. */
export const silencePlaces = (client: () => TesseraClient) => {
  const byId = (id: string) => ({ id });
  const selection = "{ __typename }";
  let things: OwnThings | null = null;
  const example = <Variables>(make: (own: OwnThings) => Variables): Variables => {
    if (things === null) throw new Error("What is asked about was not made.");
    return make(things);
  };
  const freshSchedule = (own: OwnThings): Promise<string> => {
    things = own;
    return makeOnCallSchedule(client(), own);
  };
  return {
    "Query.simulateRule(rule)": {
      own: ({ ruleId }: OwnThings) => ruleId,
      variables: (rule: string) => ({ rule, from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:03:00Z" }),
      selection: "{ buckets episodes { from } }",
    },
    "Query.whoIsOnCall(schedule)": {
      own: ({ onCallScheduleId }: OwnThings) => onCallScheduleId,
      variables: (schedule: string) => ({ schedule }),
      selection: "{ personId layer }",
    },
    "Mutation.endSilence(id)": { own: (own: OwnThings) => makeSilence(client(), own), variables: byId, selection },
    "Mutation.deleteInhibition(id)": {
      own: (own: OwnThings) => makeInhibition(client(), own),
      variables: byId,
      selection,
    },
    "Mutation.saveOnCallSchedule(id)": {
      own: freshSchedule,
      variables: (id: string) => ({ id, version: 1, ...example(silenceExamples["Mutation.saveOnCallSchedule"]) }),
      selection,
    },
    "Mutation.deleteOnCallSchedule(id)": { own: freshSchedule, variables: byId, selection },
    "Mutation.addOnCallOverride(schedule)": {
      own: freshSchedule,
      variables: (schedule: string) => ({ ...example(silenceExamples["Mutation.addOnCallOverride"]), schedule }),
      selection,
    },
    ...escalationPlaces(client),
    "Mutation.removeOnCallOverride(id)": {
      own: (own: OwnThings) => makeOnCallOverride(client(), own),
      variables: byId,
      selection,
    },
  };
};

/** Ids of persons who take turns: written down as they are said, and looked up as nobody's. */
export const silenceWords = {
  "Query.previewOnCall(input.layers.members)": "stands in the schedule as it was written",
  "Mutation.saveOnCallSchedule(input.layers.members)": "stands in the schedule as it was written",
  "Mutation.addOnCallOverride(input.personId)": "stands in the schedule as it was written",
  "Query.escalationPages(anomaly)": "see subgraphs/anomaly/src/jobs/on-call/escalation.db.test.ts",
  "Query.previewEscalation(input.steps.targets.id)":
    "stands in the plan as it was written; who is on call is asked of the caller's own schedules",
  "Mutation.setNotificationContacts(person)": "stands in the contacts as it was written",
};
