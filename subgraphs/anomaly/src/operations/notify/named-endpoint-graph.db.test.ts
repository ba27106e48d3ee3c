import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith } from "@tessera/platform/testing/ask-subgraph";
import { createAnomalySubgraph } from "../../subgraph.ts";
import { openEndpointRoom, type EndpointRoom } from "../../testing/notify/endpoint-room.ts";
import { alertOf, testPorts } from "../../testing/notify/notify-room.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: EndpointRoom;
let subgraph: Subgraph;
beforeAll(async () => {
  opened = await openEndpointRoom();
  const nothing = () => Promise.reject(new Error("Nothing is asked here."));
  subgraph = createAnomalySubgraph(opened.room.engines.resources, {
    ...{ ...testPorts(), askAnalytics: { watchedSeries: nothing, impactOf: nothing } },
    ...{ accessOfSubject: () => Promise.resolve(null), tierOf: () => Promise.resolve("FREE" as const) },
  });
});
afterEach(() => opened.rest());
afterAll(() => opened.close());

const ask = async (tenantId: TenantId, document: string, variables: object = {}) => {
  const caller = callerWith(tenantId, ["notifications:manage", "anomaly:read"]);
  const { data, errors } = await askSubgraph(subgraph, caller, document, { ...variables });
  expect(errors).toBeUndefined();
  return data;
};
const CHANNELS = `{ channels { kind settings { __typename ... on WebhookEndpointChannel { endpointId endpointState } } } }`;
const DELIVERIES = `{ deliveries { edges { node { state nextTryAt log { outcome } webhook {
  endpointId messageId type state endReason isReplay attempts { number status } } } } } }`;
const TEST = `mutation ($id: ID!) { testChannel(id: $id) { ... on ChannelTested { outcome said webhook { endpointId state type } } } }`;

test("A channel, its deliveries and a test tell the endpoint that is named, where it stands, and what became of each message there", async () => {
  const { openTenant, room, receiver, sendAll, webhooks, endpointsOwner } = opened;
  const { tenantId, channel, to } = await openTenant();
  const settings = { __typename: "WebhookEndpointChannel", endpointId: to.id };
  const channels = (endpointState: string | null) => ({
    channels: [{ kind: "WEBHOOK", settings: { ...settings, endpointState } }],
  });
  // Compiled from its fourth use on: it says the same.
  for (let turn = 0; turn < 5; turn += 1) expect(await ask(tenantId, CHANNELS)).toEqual(channels("ACTIVE"));
  receiver.answer(to.path, (_one, before) => (before === 0 ? 503 : 200));
  await room.tell(tenantId, [alertOf(tenantId)]);
  expect(await ask(tenantId, DELIVERIES)).toMatchObject({
    deliveries: { edges: [{ node: { state: "GATHERING", webhook: null } }] },
  });
  await sendAll();
  const there = { endpointId: to.id, type: "alert.notification", isReplay: false, endReason: null };
  for (let turn = 0; turn < 5; turn += 1)
    expect(await ask(tenantId, DELIVERIES)).toMatchObject({
      deliveries: {
        edges: [
          {
            node: {
              ...{ state: "HANDED_OVER", nextTryAt: null, log: [{ outcome: "HANDED_OVER" }] },
              webhook: { ...there, state: "WAITING", attempts: [{ number: 1, status: 503 }] },
            },
          },
        ],
      },
    });
  room.clock.ms += 10_000;
  await sendAll();
  expect(await ask(tenantId, DELIVERIES)).toMatchObject({
    deliveries: {
      edges: [{ node: { state: "SENT", webhook: { ...there, state: "DELIVERED", attempts: [{}, { status: 200 }] } } }],
    },
  });
  const tested = {
    outcome: "HANDED_OVER",
    webhook: { endpointId: to.id, state: "WAITING", type: "alert.notification" },
  };
  expect(await ask(tenantId, TEST, { id: channel })).toMatchObject({ testChannel: tested });
  await webhooks.pauseWebhookEndpoint(endpointsOwner(tenantId), to.id);
  expect(await ask(tenantId, CHANNELS)).toEqual(channels("PAUSED"));
  await webhooks.deleteWebhookEndpoint(endpointsOwner(tenantId), to.id);
  expect(await ask(tenantId, CHANNELS)).toEqual(channels(null));
});
