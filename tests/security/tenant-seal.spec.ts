import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { OperationTypeNode } from "graphql";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { openTwoTenants, type SharedTenants } from "../testing/shared-instance.ts";
import {
  entityTypes,
  idPlaces,
  operationParts,
  operationText,
  rootField,
  rootFields,
  type Selection,
} from "./api-schema.ts";
import { exampleOf, type OwnThings } from "./examples.ts";
import { askGraph, hear, readAnswer } from "./outside.ts";
import {
  askAboutSomething,
  makeApiKey,
  makeComment,
  makeJob,
  makeOAuthClient,
  makeOwnThings,
  makeRequestKey,
  makeRule,
  makeTrustedIssuer,
  traceOf,
} from "./own-things.ts";
import { administrationPlaces, administrationWords } from "./seal/administration-places.ts";
import { accessPlaces, accessWords } from "./seal/access-places.ts";
import { definitionPlaces, definitionWords } from "./seal/definition-places.ts";
import { notifyPlaces, notifyWords } from "./seal/notify-places.ts";
import { reportPlaces } from "./seal/report-places.ts";
import { webhookPlaces } from "./seal/webhook-places.ts";
import { calendarPlaces } from "./seal/calendar-places.ts";
import { objectivePlaces } from "./seal/objective-places.ts";
import { incidentPlaces, incidentWords } from "./seal/incident-places.ts";
import { silencePlaces, silenceWords } from "./seal/silence-places.ts";
import { expectationPlaces, expectationWords } from "./seal/expectation-places.ts";
import { rollupPlaces } from "./seal/rollup-places.ts";
import { correlationPlaces, correlationWords } from "./seal/correlation-places.ts";
import { cohortPlaces, cohortWords } from "./seal/cohort-places.ts";
import { dashboardPlaces, dashboardWords } from "./seal/dashboard-places.ts";
import { peopleWords } from "./seal/people-words.ts";
import { inCohortPlaces, inCohortWords } from "./seal/in-cohort-places.ts";
import { describeCursors } from "./seal/cursors.ts";
import { describeEveryRole } from "./seal/every-role.ts";
import { describeNothingKept } from "./seal/nothing-kept.ts";
import { describeRestRoutes } from "./seal/rest-routes.ts";
import { describeSameWords } from "./seal/same-words.ts";
import { expectNone, withoutTrace, wordsOf } from "./seal/sealed-world.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(300_000);
const START_MS = 240_000;
const WALK_DEPTH = 5;

let instance: SharedTenants;
let alpha: OwnThings;
let alphaLater: OwnThings;
let beta: OwnThings;
const world = () => ({ instance, alpha, alphaLater, beta });
let alphaClient: TesseraClient;

beforeAll(async () => {
  instance = await openTwoTenants();
  alpha = await makeOwnThings(instance.url, instance.alpha, "alphamark");
  beta = await makeOwnThings(instance.url, instance.beta, "betamark");
  alphaLater = await makeOwnThings(instance.url, instance.alpha, "alphamark");
  alphaClient = createTesseraClient(instance.url, instance.alpha.apiKey);
}, START_MS);

/** How one place of the API that takes an id is asked about a thing. */
interface SealedPlace {
  /** A thing of alpha, made for this place where asking changes it. */
  readonly own: (things: OwnThings) => Promise<string> | string;
  readonly variables: (id: string) => Record<string, unknown>;
  readonly selection?: Selection;
}

const byId = (own: SealedPlace["own"], rest: Partial<SealedPlace> = {}): SealedPlace => ({
  own,
  variables: (id) => ({ id }),
  ...rest,
});

/** Each place that takes an id; the generated list of places must be this one. */
const SEALED: Readonly<Record<string, SealedPlace>> = {
  "Query.event(id)": byId(({ eventId }) => eventId),
  "Query.eventLineage(eventId)": byId(({ eventId }) => eventId, { variables: (eventId) => ({ eventId }) }),
  "Query.job(id)": byId(({ jobId }) => jobId, { selection: { depth: 3 } }),
  "Query.user(id)": byId(({ userId }) => userId),
  "Query.rule(id)": byId(({ ruleId }) => ruleId),
  "Query.anomaly(id)": byId(({ anomalyId }) => anomalyId),
  "Query.anomalies(ruleId)": byId(({ ruleId }) => ruleId, {
    variables: (ruleId) => ({ ruleId }),
    selection: { depth: 3 },
  }),
  "Query.auditRecord(executionId)": byId(({ executionId }) => executionId, {
    variables: (executionId) => ({ executionId }),
  }),
  "Query.auditInclusionProof(executionId)": byId(({ executionId }) => executionId, {
    variables: (executionId) => ({ executionId }),
  }),
  "Query.auditLog(filter.subjectId)": byId(() => instance.alpha.apiKey.slice(9, 25), {
    variables: (subjectId) => ({ filter: { subjectId } }),
    selection: "{ nodes { executionId } }",
  }),
  "Query.auditLog(filter.objectId)": byId(() => askAboutSomething(alphaClient), {
    variables: (objectId) => ({ filter: { objectId } }),
    selection: "{ nodes { executionId } }",
  }),
  "Query.auditLog(filter.traceId)": byId(({ executionId }) => traceOf(alphaClient, executionId), {
    variables: (traceId) => ({ filter: { traceId } }),
    selection: "{ nodes { executionId } }",
  }),
  "Query.recommendations(input.userId)": byId(({ mark }) => `${mark}-user`, {
    variables: (userId) => ({ input: { userId, itemProperty: "item" } }),
    selection: "{ method fallbackReason items { itemId score support reasons { itemId } } }",
  }),
  "Mutation.cancelJob(id)": byId((things) => makeJob(alphaClient, things)),
  "Mutation.updateRule(id)": byId((things) => makeRule(alphaClient, things), {
    variables: (id) => ({ id, input: { description: "changed" } }),
  }),
  "Mutation.deleteRule(id)": byId((things) => makeRule(alphaClient, things)),
  "Mutation.acknowledgeAnomaly(id)": byId(({ anomalyId }) => anomalyId),
  "Mutation.snoozeAnomaly(id)": byId(({ anomalyId }) => anomalyId),
  "Mutation.resolveAnomaly(id)": byId(({ anomalyId }) => anomalyId),
  "Mutation.giveAnomalyFeedback(id)": byId(({ anomalyId }) => anomalyId, {
    variables: (id) => ({ id, input: { verdict: "TRUE" } }),
  }),
  "Mutation.withdrawAnomalyFeedback(id)": byId(({ anomalyId }) => anomalyId),
  "Mutation.revokeOAuthClient(id)": byId((things) => makeOAuthClient(alphaClient, things)),
  "Mutation.distrustIssuer(id)": byId((things) => makeTrustedIssuer(alphaClient, things)),
  "Mutation.inviteUser(userId)": byId(({ userId }) => userId, {
    variables: (userId) => ({ userId }),
    selection: "{ __typename }",
  }),
  "Mutation.revokeApiKey(id)": byId(({ apiKeyId }) => apiKeyId),
  "Mutation.removeRequestKey(id)": byId((things) => makeRequestKey(alphaClient, things)),
  "Mutation.registerRequestKey(input.credentialId)": {
    own: async () => (await makeApiKey(alphaClient, "signs", ["ml:read"])).id,
    variables: (id) => exampleOf("Mutation.registerRequestKey", { ...alpha, apiKeyId: id }),
    selection: "{ __typename ... on RequestKeyRefused { __typename } }",
  },
  "Subscription.job(id)": byId(({ jobId }) => jobId),
  "Subscription.alertState(rule)": byId(({ ruleId }) => ruleId, {
    variables: (rule) => ({ rule }),
    selection: "{ rule { id } series { fingerprint } }",
  }),
  ...administrationPlaces(() => alphaClient),
  ...accessPlaces(() => alphaClient),
  ...cohortPlaces(() => alphaClient),
  ...definitionPlaces(() => alphaClient),
  ...dashboardPlaces(() => alphaClient),
  ...correlationPlaces(() => alphaClient),
  ...rollupPlaces(() => alphaClient),
  ...expectationPlaces(() => alphaClient),
  ...reportPlaces(() => alphaClient),
  ...notifyPlaces(() => alphaClient),
  ...webhookPlaces(() => alphaClient),
  ...silencePlaces(() => alphaClient),
  ...incidentPlaces(() => alphaClient),
  ...calendarPlaces(() => alphaClient),
  ...objectivePlaces(() => alphaClient),
  ...inCohortPlaces(() => alpha),
};

/** What happens to alpha's things while streams are asked for that tell nothing unless something does. */
const STIRRED: Readonly<Record<string, () => Promise<unknown>>> = {
  "Subscription.dashboardCommented(id)": () => makeComment(alphaClient, alpha),
};

/** Places where an id is the caller's own word and never looked up as a thing of anybody. */
const WRITTEN_ONLY: Readonly<Record<string, string>> = {
  ...administrationWords,
  ...accessWords,
  ...cohortWords,
  ...definitionWords,
  ...dashboardWords,
  ...correlationWords,
  ...peopleWords,
  ...inCohortWords,
  ...expectationWords,
  ...notifyWords,
  ...silenceWords,
  ...incidentWords,
  "Subscription.alerts(filter.rules)": "compared with the rules of the caller's own alerts",
  "Subscription.anomalies(filter.rules)": "compared with the rules of the caller's own anomalies",
  "Mutation.ingestEvents(input.id)": "identifies the event within its tenant; see the test of equal event ids",
  "Mutation.ingestEvents(input.userId)": "stored as sent",
  "Mutation.ingestEvents(input.anonymousId)": "stored as sent",
  "Mutation.ingestEvents(input.sessionId)": "stored as sent",
  "Mutation.ingestEvents(input.correlationId)": "stored as sent",
  "Mutation.ingestEvents(input.traceId)": "stored as sent",
};

/** An answer with what tells requests apart taken out: the id asked for and the trace. */
const anonymous = (answer: unknown, id: string): string => withoutTrace(JSON.stringify(answer).replaceAll(id, "<id>"));

const unknownLike = (id: string): string =>
  /^(?:msg_)?[0-9a-f]{8}-/.test(id)
    ? id.replace(/[0-9a-f]{8}-.*$/, randomUUID())
    : id.replaceAll(/[a-z0-9]/g, (letter) => (letter === "z" ? "y" : "z"));

const stirring = (place: string) => {
  const stirred = STIRRED[place];
  return stirred === undefined ? {} : { stir: async () => void (await stirred()) };
};

const ask = async (place: string, apiKey: string, id: string): Promise<string> => {
  const sealed = SEALED[place];
  if (sealed === undefined) throw new Error(`Say in SEALED how ${place} is asked.`);
  const root = rootField(place.slice(0, place.indexOf("(")));
  const variables = sealed.variables(id);
  const query = operationText(root, variables, sealed.selection ?? { depth: 1 });
  const answer =
    root.kind === OperationTypeNode.SUBSCRIPTION
      ? await hear(instance.url, apiKey, { query, variables }, (messages) => messages.length > 0, stirring(place))
      : await askGraph(instance.url, apiKey, { query, variables });
  return anonymous(answer, id);
};

describe("an id of another tenant is an unknown id", () => {
  it("every place of the API that takes an id is named here", () => {
    expect([...Object.keys(SEALED), ...Object.keys(WRITTEN_ONLY)].toSorted()).toEqual(idPlaces.toSorted());
  });

  it.each(idPlaces.filter((place) => WRITTEN_ONLY[place] === undefined))("%s", async (place) => {
    const id = (await SEALED[place]?.own(alpha)) ?? "";
    const foreign = await ask(place, instance.beta.apiKey, id);
    const unknown = await ask(place, instance.beta.apiKey, unknownLike(id));
    expect(foreign).toBe(unknown);
    expect(foreign).not.toContain("INTERNAL");
    // It was there to be found all the time, and the foreign question has changed nothing about it.
    const own = await ask(place, instance.alpha.apiKey, id);
    expect(own).not.toBe(unknown);
    expect(own).not.toContain('"errors":');
  });
});

/** Asks everything a tenant can ask without naming a thing, and about its own things, as deep as references lead. */
const walk = async (apiKey: string, own: OwnThings): Promise<readonly { coordinate: string; text: string }[]> => {
  const answers = [];
  for (const root of rootFields.filter(({ kind }) => kind === OperationTypeNode.QUERY)) {
    const variables = exampleOf(root.coordinate, own);
    for (const query of operationParts(root, variables, WALK_DEPTH)) {
      const answer = await askGraph(instance.url, apiKey, { query, variables });
      expect({ asked: root.coordinate, errors: readAnswer(answer).errors }).toEqual({ asked: root.coordinate });
      answers.push({ coordinate: root.coordinate, text: answer.text });
    }
  }
  return answers;
};

describe("nothing a tenant can reach leads to another", () => {
  it("every answer of every query, followed through every reference, holds the tenant's own things alone", async () => {
    const [mine, theirs] = [wordsOf(beta), wordsOf(alpha)];
    const answers = await walk(instance.beta.apiKey, beta);
    for (const { coordinate, text } of answers) expectNone(coordinate, text, theirs);
    const all = answers.map(({ text }) => text).join("\n");
    for (const word of mine) expect(all).toContain(word);
    for (const type of entityTypes) expect(all).toContain(`"__typename":"${type}"`);
    const alphaAll = (await walk(instance.alpha.apiKey, alpha)).map(({ text }) => text).join("\n");
    for (const word of theirs) expect(alphaAll).toContain(word);
    for (const word of mine) expect(alphaAll).not.toContain(word);
  });

  it.each([
    ["entities by key", '{ _entities(representations: [{ __typename: "Job", id: "x" }]) { __typename } }'],
    ["the subgraphs' own schemas", "{ _service { sdl } }"],
    ["the verification of keys", '{ authenticate(keyId: "x", credentialHash: "y") { tenantId } }'],
  ])("%s are not reachable from outside", async (_what, query) => {
    const answer = await askGraph(instance.url, instance.beta.apiKey, { query });
    expect(answer.status).toBe(400);
    expect(readAnswer(answer).errors?.[0]?.extensions?.["code"]).toBe("GRAPHQL_VALIDATION_FAILED");
  });
});

describeCursors(world);
describeRestRoutes(world);
describeSameWords(world);
describeNothingKept(world);
describeEveryRole(world, {
  names: idPlaces.filter((place) => WRITTEN_ONLY[place] === undefined),
  foreignIdOf: async (place, of) => (await SEALED[place]?.own(of)) ?? "",
  unknownLike,
  ask,
});
