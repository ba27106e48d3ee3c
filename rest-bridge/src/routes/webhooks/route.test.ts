import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import {
  createEndpointDescription,
  deliveriesDescription,
  endpointDescription,
  replayDescription,
  testEndpointDescription,
} from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const AT = "2026-11-20T12:00:00.000Z";
const ALL = "/api/v2/webhooks";
const ONE = `${ALL}/${ID}`;

const bridge = bridgeOfTests();
const { asked } = bridge;

const endpoint = {
  ...{ __typename: "WebhookEndpoint", id: ID, url: "https://shop.example/hook", description: null, eventTypes: [] },
  ...{ labels: [{ name: "team", value: "shop" }], headerNames: [], ordering: "SUBJECT", ratePerMinute: 600 },
  ...{ state: "DISABLED", disabledReason: "ONLY_FAILURES", stateChangedAt: AT, failingSince: AT, failuresInRow: 3 },
  ...{ blockedUntil: null, lastSuccessAt: null, owner: { kind: "USER", id: ID } },
  secrets: [{ id: ID, kind: "HMAC_SHA256", publicKey: null, createdAt: AT, expiresAt: null }],
  stats: { waiting: 1, delivered: 2, dead: 0, attempts: 5, failedAttempts: 3, p50Ms: null, p95Ms: 12.5 },
  ...{ version: 4, createdAt: AT, updatedAt: AT },
};
const delivery = {
  ...{ id: ID, endpointId: ID, messageId: "msg_1", type: "webhook.test", body: "{}", state: "DEAD" },
  ...{ endReason: "GONE", isReplay: false, createdAt: AT, nextAttemptAt: null, endedAt: AT },
  attempts: [{ number: 1, startedAt: AT, elapsedMs: 5, status: 410, fault: null, detail: "gone" }],
};
const shown = { id: ID, kind: "ED25519", secret: "whsk_x", publicKey: "whpk_y" };
const saved = { __typename: "WebhookEndpointSaved", endpoint, secrets: [shown] };
const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));
const variables = () => bridge.graph.calls.at(-1)?.variables;

describe("addresses about webhooks", () => {
  it("answer what the graph answers, as their descriptions say", async () => {
    answerWith({ webhookEndpoint: endpoint });
    const one = await asked(ONE);
    expect(one).toMatchObject({ status: 200, body: { ordering: "subject", disabled_reason: "only_failures" } });
    expect([...Value.Errors(endpointDescription.answers[200].schema, one.body)]).toEqual([]);
    answerWith({ webhookEndpoints: [endpoint] });
    expect(await asked(ALL)).toMatchObject({ status: 200, body: { endpoints: [{ id: ID, state: "disabled" }] } });
    answerWith({ createWebhookEndpoint: saved });
    const made = await asked(ALL, "POST", {
      url: endpoint.url,
      ordering: "all",
      signing: ["ed25519"],
      event_types: [],
    });
    expect([...Value.Errors(createEndpointDescription.answers[200].schema, made.body)]).toEqual([]);
    expect(variables()).toEqual({
      input: { url: endpoint.url, ordering: "ALL", signing: ["ED25519"], eventTypes: [] },
    });
    answerWith({ rotateWebhookSecret: saved });
    expect(await asked(`${ONE}/secret`, "POST", {})).toMatchObject({ body: { secrets: [{ secret: "whsk_x" }] } });
    expect(variables()).toEqual({ id: ID, kind: "HMAC_SHA256", overlapHours: 24 });
    answerWith({ testWebhookEndpoint: { __typename: "WebhookTestSent", delivery } });
    const tested = await asked(`${ONE}/test`, "POST", {});
    expect([...Value.Errors(testEndpointDescription.answers[200].schema, tested.body)]).toEqual([]);
    const edges = [{ node: delivery }];
    answerWith({ webhookDeliveries: { edges, pageInfo: { hasNextPage: true, endCursor: "next" } } });
    const listed = await asked(`/api/v2/webhook-deliveries?state=dead&type=webhook.test&first=1`);
    expect(listed).toMatchObject({
      body: { deliveries: [{ state: "dead", end_reason: "gone" }], next_cursor: "next" },
    });
    expect([...Value.Errors(deliveriesDescription.answers[200].schema, listed.body)]).toEqual([]);
    expect(variables()).toMatchObject({ filter: { states: ["DEAD"], types: ["webhook.test"] }, first: 1 });
    answerWith({ replayWebhooks: { __typename: "WebhooksReplayed", deliveries: 7 } });
    const again = await asked(`${ONE}/replay`, "POST", { from: AT, to: AT, only_failed: false });
    expect([...Value.Errors(replayDescription.answers[200].schema, again.body)]).toEqual([]);
    expect(variables()).toEqual({ input: { endpointId: ID, from: AT, to: AT, onlyFailed: false } });
  });

  it("tell what became of what led nowhere", async () => {
    answerWith({ createWebhookEndpoint: { __typename: "WebhookLimitReached", limit: 50 } });
    expect(await asked(ALL, "POST", { url: "https://a.example" })).toMatchObject({ status: 409 });
    const problems = [{ field: "eventTypes.0", message: "There is no such type." }];
    answerWith({ updateWebhookEndpoint: { __typename: "WebhookRejected", problems } });
    expect(await asked(ONE, "PUT", {})).toMatchObject({ status: 400, body: { field: "event_types.0" } });
    answerWith({ updateWebhookEndpoint: { __typename: "WebhookEndpointChangedMeanwhile", endpoint: { version: 9 } } });
    expect(await asked(ONE, "PUT", {})).toMatchObject({ status: 409, body: { field: "expected_version" } });
    answerWith({ replayWebhooks: { __typename: "WebhookReplayTooLarge", limit: 1_000 } });
    expect(await asked(`${ONE}/replay`, "POST", {})).toMatchObject({ status: 400, body: { field: "from" } });
  });

  it.each([
    ["pause", "pauseWebhookEndpoint"],
    ["resume", "resumeWebhookEndpoint"],
    ["remove", "deleteWebhookEndpoint"],
    ["secret", "rotateWebhookSecret"],
    ["test", "testWebhookEndpoint"],
    ["replay", "replayWebhooks"],
  ])("know no endpoint to %s that the graph does not", async (verb, field) => {
    answerWith({ [field]: { __typename: "WebhookEndpointNotFound", id: ID } });
    expect(await asked(`${ONE}/${verb}`, "POST", {})).toMatchObject({ status: 404, body: { field: "endpoint_id" } });
  });

  it("are about the caller's own tenant, and refuse what they do not know before they ask the graph", async () => {
    const foreign = "0195e2a0-0000-7000-8000-00000000000f";
    for (const path of [ALL, "/api/v2/webhook-deliveries"])
      expect(await asked(`${path}?tenant_id=${foreign}`)).toMatchObject({ body: { code: "TENANT_MISMATCH" } });
    for (const wrong of [{}, { url: "https://a.example", signing: ["rsa"] }, { url: "https://a.example", more: 1 }])
      expect(await asked(ALL, "POST", wrong)).toMatchObject({ status: 400 });
    expect(bridge.graph.calls).toEqual([]);
  });
});
