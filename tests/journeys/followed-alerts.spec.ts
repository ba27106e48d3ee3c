import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { z } from "zod";
import { readPids, startEmbeddedProcess, type EmbeddedProcess } from "../testing/embedded-process.ts";
import { GENEROUS_LIMITS } from "../security/generous-limits.ts";
import { connectLive, type Followed, type LiveClient } from "../testing/live-client.ts";
import { eventually } from "../testing/eventually.ts";
import { freePort } from "../testing/free-port.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

let directory: TemporaryDirectory;
let environment: Readonly<Record<string, string>>;
let instance: EmbeddedProcess;
beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  environment = { ...GENEROUS_LIMITS, PORT: String(await freePort()) };
  instance = await startEmbeddedProcess({ home: directory.home("followed"), environment });
}, 240_000);
afterAll(async () => {
  await instance?.process.stop();
  await directory?.remove();
}, 60_000);

/** Kills the server as it stands, and starts it again. */
const killAndStart = async (): Promise<void> => {
  process.kill((await readPids(instance.home)).server, "SIGKILL");
  await instance.process.ended;
  instance = await startEmbeddedProcess({ home: instance.home, environment });
};

// What stands beneath is answered by the analytics room and the tenant room, for each message.
const FEDERATED = "id tenant { id name } change { explanation { value actual } }";
const STREAMS = {
  states: `subscription ($rule: ID!, $after: Cursor) { alertState(rule: $rule, after: $after) {
    cursor transition { id to } series { group { value } anomaly { ${FEDERATED} } } } }`,
  anomalies: `subscription ($rules: [ID!], $after: Cursor) { anomalies(filter: { rules: $rules }, after: $after) { cursor anomaly { ${FEDERATED} } } }`,
  incidents: `subscription ($after: Cursor) { incidents(after: $after) {
    cursor kind text incident { number tenant { id name } alerts { anomaly { ${FEDERATED} } } } } }`,
} as const;
type Stream = keyof typeof STREAMS;
const NAMES: readonly Stream[] = ["states", "anomalies", "incidents"];

const anomalyShape = z.object({
  id: z.string(),
  tenant: z.object({ id: z.string(), name: z.string() }),
  change: z.object({ explanation: z.object({ value: z.string(), actual: z.number() }) }),
});
const shapes = {
  states: z.object({
    alertState: z.object({
      cursor: z.string(),
      transition: z.object({ id: z.string(), to: z.string() }).nullable(),
      series: z.array(z.object({ anomaly: anomalyShape.nullable() })),
    }),
  }),
  anomalies: z.object({ anomalies: z.object({ cursor: z.string(), anomaly: anomalyShape }) }),
  incidents: z.object({
    incidents: z.object({
      ...{ cursor: z.string(), kind: z.string(), text: z.string() },
      incident: z.object({
        number: z.number(),
        tenant: z.object({ id: z.string(), name: z.string() }),
        alerts: z.array(z.object({ anomaly: anomalyShape })),
      }),
    }),
  }),
};

/** What was told by a stream: a name for each message, its cursor, and the anomalies within. */
const toldBy = {
  states: (messages: readonly unknown[]) =>
    messages.flatMap((message) => {
      const { cursor, transition, series } = shapes.states.parse(message).alertState;
      // The first message of a stream without a cursor tells where all stand.
      return transition === null
        ? []
        : [{ key: transition.id, cursor, anomalies: series.map(({ anomaly }) => anomaly) }];
    }),
  anomalies: (messages: readonly unknown[]) =>
    messages.map((message) => {
      const { cursor, anomaly } = shapes.anomalies.parse(message).anomalies;
      return { key: anomaly.id, cursor, anomalies: [anomaly] };
    }),
  incidents: (messages: readonly unknown[]) =>
    messages.map((message) => {
      const { cursor, kind, text, incident } = shapes.incidents.parse(message).incidents;
      expect(incident.tenant.id).toBe(instance.tenantId);
      return {
        key: `${incident.number} ${kind} ${text}`,
        cursor,
        anomalies: incident.alerts.map((one) => one.anomaly),
      };
    }),
};
type Told = ReturnType<(typeof toldBy)[Stream]>[number];

const COUNTRIES = ["AT", "BE", "CZ", "DE", "ES"];
const made = z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) });

/** A rule at rest that finds more than three refunds of a country in a minute, and never again lets go of what it found while this lasts. */
const makeRule = async (): Promise<string> => {
  const olap = {
    ...{ range: { sliding: "PT1H" }, measures: [{ function: "COUNT" }], dimensions: ["country"] },
    filter: { field: "name", eq: "refund" },
  };
  const text = "mutation ($input: CreateRuleInput!) { createRule(input: $input) { ... on RuleSaved { rule { id } } } }";
  const input = {
    ...{ name: "Refunds by country", question: { question: { olap }, granularity: "MINUTE" }, enabled: false },
    ...{ detector: { static: { side: "ABOVE", high: 3 } }, alerting: { clear: { quiet: "PT12H" } } },
  };
  return (await instance.client.ask(made, text, { input })).createRule.rule.id;
};

/** A client that follows every stream, each from where it was. */
const follow = (live: LiveClient, rule: string, after: Partial<Record<Stream, string>>) => {
  const variables = { states: { rule }, anomalies: { rules: [rule] }, incidents: {} };
  const open = (stream: Stream): Followed =>
    live.follow(STREAMS[stream], {
      ...variables[stream],
      ...(after[stream] === undefined ? {} : { after: after[stream] }),
    });
  return { states: open("states"), anomalies: open("anomalies"), incidents: open("incidents") };
};
const changed = async (document: string, variables: Readonly<Record<string, unknown>>): Promise<void> => {
  const { errors } = await instance.client.tell(document, variables);
  expect(errors).toBeUndefined();
};

type Streams = ReturnType<typeof follow>;
type AllTold = Record<Stream, readonly Told[]>;
const toldOf = (streams: Streams): AllTold => ({
  states: toldBy.states(streams.states.messages),
  anomalies: toldBy.anomalies(streams.anomalies.messages),
  incidents: toldBy.incidents(streams.incidents.messages),
});
const somethingOn = (streams: Streams): Promise<unknown> =>
  Promise.all([
    streams.states.until((messages) => toldBy.states(messages).length > 0),
    ...[streams.anomalies, streams.incidents].map((stream) => stream.until(({ length }) => length > 0)),
  ]);

/** A client that follows every stream of a rule, and whose connection can be cut. */
const openFollower = async (rule: string) => {
  const parts: Record<Stream, Told[]> = { states: [], anomalies: [], incidents: [] };
  let live = await connectLive(instance.url, instance.apiKey);
  let streams = follow(live, rule, {});
  return {
    streams: () => streams,
    /** Cuts it once each stream has told something, and follows on from there when what happens meanwhile has happened. */
    cutWhile: async (happens: () => Promise<void>): Promise<void> => {
      if (parts.states.length === 0) await somethingOn(streams);
      live.cut();
      await live.closed;
      const last = toldOf(streams);
      for (const stream of NAMES) parts[stream].push(...last[stream]);
      await happens();
      live = await connectLive(instance.url, instance.apiKey);
      const after = Object.fromEntries(NAMES.map((stream) => [stream, parts[stream].at(-1)?.cursor ?? ""]));
      streams = follow(live, rule, after);
    },
    /** All it was told, over all its connections. */
    told: (): AllTold => {
      const last = toldOf(streams);
      return {
        states: [...parts.states, ...last.states],
        anomalies: [...parts.anomalies, ...last.anomalies],
        incidents: [...parts.incidents, ...last.incidents],
      };
    },
    close: () => live.close(),
  };
};

/** Begins: too many in each of the last minutes and in this one, so that whichever has ended last, which is judged first, has too many. */
const begin = async (rule: string): Promise<void> => {
  const minuteMs = Math.floor(Date.now() / 60_000) * 60_000;
  const refunds = [-90_000, -30_000, 0].flatMap((beforeMs) =>
    COUNTRIES.flatMap((country) =>
      Array.from({ length: 4 }, () => ({ name: "refund", country, time: new Date(minuteMs + beforeMs).toISOString() })),
    ),
  );
  await instance.client.send(refunds);
  await changed("mutation ($rule: ID!) { updateRule(id: $rule, input: { enabled: true }) { __typename } }", { rule });
};
const each = async (operation: "acknowledgeAnomaly" | "resolveAnomaly", ids: readonly string[]): Promise<void> => {
  for (const id of ids) await changed(`mutation ($id: ID!) { ${operation}(id: $id) { __typename } }`, { id });
};

const edges = <Node extends z.ZodType>(node: Node) => z.object({ edges: z.array(z.object({ node })) });
const recordShape = z.object({
  anomalies: edges(anomalyShape.extend({ transitions: z.array(z.object({ id: z.string() })) })),
  incidents: edges(
    z.object({
      ...{ number: z.number(), state: z.string() },
      timeline: z.array(z.object({ kind: z.string(), text: z.string() })),
    }),
  ),
});
/** What is on record once all is over: the anomalies, and what each stream is to have told. */
const recorded = () =>
  eventually(async () => {
    const { anomalies, incidents } = await instance.client.ask(
      recordShape,
      `{ anomalies(first: 50) { edges { node { ${FEDERATED} transitions { id } } } }
        incidents(first: 50) { edges { node { number state timeline { kind text } } } } }`,
    );
    expect(incidents.edges.map(({ node }) => node.state)).toEqual(COUNTRIES.map(() => "RESOLVED"));
    const nodes = anomalies.edges.map(({ node }) => node);
    const expected: Record<Stream, readonly string[]> = {
      states: nodes.flatMap(({ transitions }) => transitions.map(({ id }) => id)),
      anomalies: nodes.map(({ id }) => id),
      incidents: incidents.edges.flatMap(({ node }) =>
        node.timeline.map(({ kind, text }) => `${node.number} ${kind} ${text}`),
      ),
    };
    return { nodes, expected };
  });

it("alerts, anomalies and incidents are followed with fields of other rooms, through cuts and a server that is killed, without a gap and without a repetition", async () => {
  const { tenantId } = instance;
  const rule = await makeRule();
  await changed(
    'mutation { setIncidentPolicies(version: 0, policies: [{ name: "by country", groupBy: ["country"] }]) { __typename } }',
    {},
  );
  const [steady, broken] = [await openFollower(rule), await openFollower(rule)];
  // Both are let in: the first message says where all stand.
  for (const { streams } of [steady, broken]) await streams().states.until(({ length }) => length > 0);
  await begin(rule);
  await steady.streams().anomalies.until(({ length }) => length === COUNTRIES.length);
  const ids = steady.told().anomalies.map(({ key }) => key);
  await broken.cutWhile(() => each("acknowledgeAnomaly", ids.slice(0, 3)));
  await each("acknowledgeAnomaly", ids.slice(3));
  await broken.cutWhile(() => each("resolveAnomaly", ids.slice(0, 2)));
  // What was acknowledged just before the end is told after it.
  await each("resolveAnomaly", ids.slice(2, 4));
  await steady.cutWhile(() => broken.cutWhile(killAndStart));
  await each("resolveAnomaly", ids.slice(4));

  const { nodes, expected } = await recorded();
  const known = new Map(nodes.map(({ id, tenant, change }) => [id, { id, tenant, change }]));
  for (const stream of NAMES) {
    await eventually(() => expect(steady.told()[stream]).toHaveLength(expected[stream].length));
    await eventually(() => expect(broken.told()[stream].length).toBeGreaterThanOrEqual(expected[stream].length));
    const [once, often] = [steady.told()[stream], broken.told()[stream]];
    expect(once.map(({ key }) => key).toSorted()).toEqual([...expected[stream]].toSorted());
    const placesOf = (told: readonly Told[]) => told.map(({ key, cursor }) => ({ key, cursor }));
    expect(placesOf(often)).toEqual(placesOf(once));
    // Whatever anomaly was told of has what the other rooms say of it.
    const anomalies = [...once, ...often].flatMap((one) => one.anomalies);
    expect(anomalies).toEqual(anomalies.map((anomaly) => known.get(anomaly?.id ?? "")));
  }
  expect(nodes.map(({ tenant, change }) => [tenant.id, change.explanation])).toEqual(
    nodes.map(() => [tenantId, { value: "count", actual: 4 }]),
  );
  for (const { states, anomalies, incidents } of [steady.streams(), broken.streams()])
    expect([states.problems, anomalies.problems, incidents.problems]).toEqual([[], [], []]);
  await Promise.all([steady.close(), broken.close()]);
}, 400_000);
