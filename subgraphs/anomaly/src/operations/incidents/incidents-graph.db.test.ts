import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { untilReadable } from "@tessera/platform/testing/readable-log";
import { parse, subscribe } from "graphql";
import { z } from "zod";
import { openIncidents } from "../../open-incidents.ts";
import { createIncidentFollower } from "../../reactions/incidents/follow-incidents-to-alerts.ts";
import { createIncidentOpener } from "../../reactions/incidents/take-alerts.ts";
import { makeRule, openAnomalyRoom, raise, type AnomalyRoom } from "../../testing/anomaly-room.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let room: AnomalyRoom;
let drain: () => Promise<void>;
beforeAll(async () => {
  room = openAnomalyRoom();
  await room.engines.resources.eventLog.start();
  const incidents = openIncidents(room.engines.resources, { keyRing: null });
  const consumers = [createIncidentOpener(incidents.taking), createIncidentFollower(incidents.following)];
  drain = async () => {
    await untilReadable(room.engines.owner);
    for (const consumer of consumers) await consumer.drain();
  };
});
afterAll(async () => {
  await room.engines.resources.eventLog.stop();
  await room.close();
});

const ALL: readonly Permission[] = ["anomaly:read", "anomaly:respond", "anomaly:manage", "notifications:manage"];
const ask = async (
  tenantId: TenantId,
  document: string,
  variables: Record<string, unknown> = {},
  permissions = ALL,
) => {
  const { data, errors } = await askSubgraph(room.subgraph, callerWith(tenantId, permissions), document, variables);
  return { data: data ?? {}, errors: errors ?? [] };
};

const DECLARE =
  "mutation ($input: DeclareIncidentInput!) { declareIncident(input: $input) { incident { id number state } } }";
const declared = z.object({ declareIncident: z.object({ incident: z.object({ id: z.string() }) }) });
const declare = async (tenantId: TenantId, title: string): Promise<string> =>
  declared.parse((await ask(tenantId, DECLARE, { input: { title } })).data).declareIncident.incident.id;
const CHANGED = "__typename ... on IncidentSaved { incident { id state } } ... on IncidentNotFound { id }";
const SET = `mutation ($version: Int!, $policies: [IncidentPolicyInput!]!) { result: setIncidentPolicies(version: $version, policies: $policies) {
  __typename ... on IncidentPoliciesSaved { policies { version policies { name count within resolveAfter reopenWithin groupBy } } }
  ... on IncidentPoliciesChangedMeanwhile { policies { version } } } }`;

describe("alerts of rules and their incident", () => {
  const INCIDENT = `query ($id: ID!) { anomaly(id: $id) { state acknowledgement { by { kind } note } incident { id number title state alerts { open anomaly { id } } timeline { kind by { kind } } } } }`;
  const read = async (tenantId: TenantId, id: string) => (await ask(tenantId, INCIDENT, { id })).data["anomaly"];

  test("go together: who acknowledges one acknowledges all of one cause, from either end", async () => {
    const tenantId = freshTenantId();
    await ask(tenantId, SET, { version: 0, policies: [{ name: "all" }] });
    const [one, two] = [await makeRule(room, tenantId, { name: "a" }), await makeRule(room, tenantId, { name: "b" })];
    await raise(room, tenantId, one);
    await raise(room, tenantId, two);
    const list = z.object({
      anomalies: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }),
    });
    const listed = list.parse((await ask(tenantId, "{ anomalies { edges { node { id } } } }")).data);
    const [first = "", second = ""] = listed.anomalies.edges.map(({ node }) => node.id);
    const shape = z.object({ incident: z.object({ alerts: z.array(z.unknown()) }).nullable(), state: z.string() });
    // Other tests' transactions on the same server can hold entries back for a moment.
    while ((shape.parse(await read(tenantId, first)).incident?.alerts.length ?? 0) < 2) await drain();
    expect(await read(tenantId, first)).toMatchObject({ state: "FIRING", incident: { number: 1, state: "TRIGGERED" } });
    // One of its alerts: the incident, and by it the other alert.
    await ask(tenantId, 'mutation ($id: ID!) { acknowledgeAnomaly(id: $id, note: "mine") { __typename } }', {
      id: second,
    });
    while (shape.parse(await read(tenantId, first)).state !== "ACKNOWLEDGED") await drain();
    expect(await read(tenantId, first)).toMatchObject({
      acknowledgement: { by: { kind: "API_KEY" }, note: "By incident 1." },
      incident: { state: "ACKNOWLEDGED" },
    });
    // The incident: all its alerts.
    const incident = z.object({ incident: z.object({ id: z.string() }) }).parse(await read(tenantId, first))
      .incident.id;
    await ask(tenantId, `mutation ($id: ID!) { resolveIncident(id: $id, note: "mended") { ${CHANGED} } }`, {
      id: incident,
    });
    while (shape.parse(await read(tenantId, second)).state !== "RESOLVED") await drain();
    while (shape.parse(await read(tenantId, first)).state !== "RESOLVED") await drain();
    for (let turn = 0; turn < 3; turn += 1) await drain();
    const kinds = z
      .object({ incident: z.object({ timeline: z.array(z.object({ kind: z.string() })) }) })
      .parse(await read(tenantId, first))
      .incident.timeline.map(({ kind }) => kind)
      .filter((kind) => kind !== "ALERT_CHANGED");
    expect(kinds).toEqual(["OPENED", "ALERT_JOINED", "ALERT_JOINED", "ACKNOWLEDGED", "RESOLVED"]);
  });
});

describe("incidents in the graph", () => {
  test("tell their postmortem for people and for programs; what others wrote means nothing in it", async () => {
    const tenantId = freshTenantId();
    const id = await declare(tenantId, "Shop | down # <b>now</b>");
    await ask(tenantId, `mutation ($id: ID!, $text: String!) { noteIncident(id: $id, text: $text) { __typename } }`, {
      id,
      text: "a | b\n# heading\n[link](javascript:alert)",
    });
    const shape = z.object({
      incident: z.object({ postmortem: z.object({ markdown: z.string(), json: z.looseObject({}) }) }),
    });
    const { postmortem } = shape.parse(
      (await ask(tenantId, "query ($id: ID!) { incident(id: $id) { postmortem { markdown json } } }", { id })).data,
    ).incident;
    const headings = postmortem.markdown.split("\n").filter((line) => line.startsWith("#"));
    expect(headings).toEqual([
      "# Incident 1: Shop \\| down \\# \\<b\\>now\\</b\\>",
      ...[
        "## Impact",
        "## Root cause",
        "## What went well, and what did not",
        "## What is to be done",
        "## Alerts",
        "## Timeline",
      ],
    ]);
    expect(postmortem.markdown).toContain(
      "| NOTED | API\\_KEY 0000000000000000 | a \\| b \\# heading \\[link\\](javascript:alert) |",
    );
    expect(postmortem.json).toMatchObject({
      ...{ format: "tessera.postmortem/1", number: 1, state: "TRIGGERED", secondsToAcknowledge: null, alerts: [] },
      timeline: [{ kind: "OPENED" }, { kind: "NOTED", text: "a | b\n# heading\n[link](javascript:alert)" }],
    });
  });

  test("are linked by hand with those of the same tenant alone, and take no schedule or cursor of another", async () => {
    const [mine, others] = [freshTenantId(), freshTenantId()];
    const [one, two, foreign] = [
      await declare(mine, "one"),
      await declare(mine, "two"),
      await declare(others, "secret"),
    ];
    const LINK = `mutation ($id: ID!, $other: ID!) { result: linkIncidents(id: $id, other: $other, reason: "same disk") { ${CHANGED} } }`;
    expect((await ask(mine, LINK, { id: one, other: foreign })).data).toEqual({
      result: { __typename: "IncidentNotFound", id: foreign },
    });
    expect((await ask(mine, LINK, { id: foreign, other: one })).data).toEqual({
      result: { __typename: "IncidentNotFound", id: foreign },
    });
    expect(await ask(mine, LINK, { id: one, other: one })).toMatchObject({
      errors: [{ extensions: { code: "BAD_INPUT", field: "other" } }],
    });
    await ask(mine, LINK, { id: one, other: two });
    const LINKS = "query ($id: ID!) { incident(id: $id) { links { score reasons note incident { id state } } } }";
    for (const [id, other] of [
      [one, two],
      [two, one],
    ])
      expect((await ask(mine, LINKS, { id })).data).toMatchObject({
        incident: {
          links: [{ score: 1, reasons: ["BY_HAND"], note: "same disk", incident: { id: other, state: "TRIGGERED" } }],
        },
      });
    const ROLE = `mutation ($id: ID!, $input: IncidentRoleInput!) { assignIncidentRole(id: $id, input: $input) { __typename } }`;
    expect(await ask(mine, ROLE, { id: one, input: { role: "COMMANDER", schedule: randomUUID() } })).toMatchObject({
      errors: [{ extensions: { code: "BAD_INPUT", field: "input.schedule" } }],
    });
    const PAGE = "query ($after: Cursor) { incidents(first: 10, after: $after) { edges { node { title } } } }";
    const titles = z.object({
      incidents: z.object({ edges: z.array(z.object({ node: z.object({ title: z.string() }) })) }),
    });
    const listed = async (after: string | null) =>
      titles.parse((await ask(mine, PAGE, { after })).data).incidents.edges.map(({ node }) => node.title);
    expect([await listed(null), await listed(two), await listed(foreign)]).toEqual([
      ["two", "one"],
      ["one"],
      ["two", "one"],
    ]);
    expect((await ask(others, "query ($id: ID!) { incident(id: $id) { id } }", { id: one })).data).toEqual({
      incident: null,
    });
  });

  test("take policies whose version was read, and name what is wrong with others", async () => {
    const tenantId = freshTenantId();
    const policies = [{ name: "shop", groupBy: ["team"], count: 2 }];
    expect((await ask(tenantId, SET, { version: 0, policies })).data).toEqual({
      result: {
        __typename: "IncidentPoliciesSaved",
        policies: {
          version: 1,
          policies: [
            {
              name: "shop",
              count: 2,
              within: "PT600S",
              resolveAfter: "PT300S",
              reopenWithin: "PT3600S",
              groupBy: ["team"],
            },
          ],
        },
      },
    });
    expect((await ask(tenantId, SET, { version: 0, policies: [] })).data).toEqual({
      result: { __typename: "IncidentPoliciesChangedMeanwhile", policies: { version: 1 } },
    });
    for (const [wrong, field] of [
      [[{ name: "a", within: "PT1S" }], "input.policies.0.within"],
      [[{ name: "a", groupBy: ["severity"] }], "input.policies.0.groupBy.0"],
      [[{ name: "a" }, { name: "a" }], "input.policies.1.name"],
      [
        [{ name: "a", matchers: [{ label: "x", operator: "REGEX", values: ["("] }] }],
        "input.policies.0.matchers.0.values.0",
      ],
    ] as const)
      expect(await ask(tenantId, SET, { version: 1, policies: wrong })).toMatchObject({
        errors: [{ extensions: { code: "BAD_INPUT", field } }],
      });
  });
});

describe("the incidents subscription", () => {
  const document =
    parse(`subscription ($after: Cursor, $severity: AlertSeverity) { incidents(after: $after, severity: $severity) {
    cursor kind state text by { kind } incident { title severity } } }`);
  const event = z.object({
    data: z.object({
      incidents: z.object({ cursor: z.string(), kind: z.string(), incident: z.object({ title: z.string() }) }),
    }),
  });
  const follow = async (tenantId: TenantId, variableValues: Record<string, unknown> = {}) => {
    const contextValue = room.subgraph.contextFor({
      caller: callerWith(tenantId, ["anomaly:read"]),
      traceId: newTraceId(),
    });
    const stream = await subscribe({ schema: room.subgraph.schema, document, variableValues, contextValue });
    if (!(Symbol.asyncIterator in stream)) throw new Error(`Not subscribed: ${JSON.stringify(stream.errors)}`);
    const read = async (count: number) => {
      const seen: z.infer<typeof event>["data"]["incidents"][] = [];
      while (seen.length < count) seen.push(event.parse((await stream.next()).value).data.incidents);
      return seen;
    };
    return { read, stop: () => stream.return() };
  };

  test("tells each entry once, of what is asked for, and goes on after a cursor without gap or repetition", async () => {
    const tenantId = freshTenantId();
    const [all, critical] = [await follow(tenantId), await follow(tenantId, { severity: "CRITICAL" })];
    const id = await declare(tenantId, "one");
    await ask(tenantId, `mutation ($id: ID!) { acknowledgeIncident(id: $id) { __typename } }`, { id });
    await ask(tenantId, DECLARE, { input: { title: "bad", severity: "CRITICAL" } });
    const seen = await all.read(3);
    expect(seen.map(({ kind, incident }) => [kind, incident.title])).toEqual([
      ["OPENED", "one"],
      ["ACKNOWLEDGED", "one"],
      ["OPENED", "bad"],
    ]);
    expect((await critical.read(1)).map(({ incident }) => incident.title)).toEqual(["bad"]);
    for (const [place, { cursor }] of seen.entries()) {
      const again = await follow(tenantId, { after: cursor });
      expect(await again.read(2 - place)).toEqual(seen.slice(place + 1));
      await again.stop();
    }
    await Promise.all([all.stop(), critical.stop()]);
  });
});
