import { randomBytes } from "node:crypto";
import { JOB_CHANGED } from "@tessera/contracts/events/job-changed";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { WEBHOOK_LIMITS, type Endpoint } from "../domain/webhooks/endpoint.ts";
import type { SteadySender } from "../jobs/sending/steady-sender.ts";
import { createSender, type SenderDeps } from "../jobs/webhooks/send-deliveries.ts";
import type { NewEndpointInput } from "../operations/webhooks/change-endpoints.ts";
import { unseal } from "../operations/webhooks/sealing.ts";
import { createWebhookOperations } from "../operations/webhooks/webhook-operations.ts";
import { writeMessages } from "../reactions/webhooks/write-messages.ts";
import { createDeliveryListStore } from "../store/webhooks/delivery-list-store.ts";
import { createDeliveryStore } from "../store/webhooks/delivery-store.ts";
import { createEndpointStore } from "../store/webhooks/endpoint-store.ts";
import { createMessageStore } from "../store/webhooks/message-store.ts";
import { openReceiver, type Receiver } from "./webhook-receiver.ts";

/** Before the clock of any other test, so that senders of these tests find their own deliveries alone. */
export const WEBHOOK_EPOCH_MS = Date.parse("1991-08-06T12:00:00Z");

const stateRows = z.array(z.object({ state: z.string(), attempts: z.number(), end_reason: z.string().nullable() }));

/** An endpoint of a tenant of its own, whose secrets the receiver trusts. */
export interface TestEndpoint {
  readonly tenantId: TenantId;
  readonly caller: Caller;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly secrets: readonly string[];
}

const jobEntry = (tenantId: TenantId, cursor: LogEntry["cursor"], jobId: string, revision: number): LogEntry => ({
  ...{ tenantId, topic: JOB_CHANGED, cursor, payload: { tenantId, jobId, revision, state: "SUCCEEDED" } },
});

const openStores = ({ resources }: TestResources) => ({
  endpoints: createEndpointStore({ ...resources, limits: WEBHOOK_LIMITS }),
  claims: createDeliveryStore(resources),
  deliveries: createDeliveryListStore({ ...resources, limits: WEBHOOK_LIMITS }),
  messages: createMessageStore(WEBHOOK_LIMITS),
});

/** What writes, sends and changes webhooks, by a clock that the test moves. */
export const openWebhookParts = (engines: TestResources, nowMs: () => number) => {
  const { logger, metrics, newId } = engines.resources;
  const stores = openStores(engines);
  const keyRing = readKeyRing(`tests:${randomBytes(32).toString("base64url")}`);
  const requests = createPublicRequests({ allowLoopback: true });
  const graphUrl = () => "https://tessera.example/graphql";
  const senderDeps: SenderDeps = {
    ...{ deliveries: stores.claims, requests, unseal: unseal(keyRing), nowMs, random: () => 0.5, metrics, logger },
    accessNow: (tenantId, subject) =>
      Promise.resolve({
        ...{ tenantId, subject, permissions: new Set(TENANT_PERMISSIONS), expiresAtMs: null, ...PLAIN_ACCESS },
      }),
  };
  const operations = createWebhookOperations({ ...stores, keyRing, newId, randomBytes, requests, graphUrl, nowMs });
  return {
    stores,
    senderDeps,
    operations,
    write: writeMessages({ messages: stores.messages, graphUrl, nowMs, logger }),
  };
};

/** Keeps tests with senders apart, which would find each other's deliveries. */
export const LOCK_SENDERS = "SELECT pg_advisory_lock(hashtextextended('webhook senders of tests', 0))";
/** Lets no endpoint be sent to that rooms left behind. */
export const REST_ENDPOINTS =
  "UPDATE webhook_endpoint SET state = 'PAUSED' WHERE created_at < '1993-01-01' AND state = 'ACTIVE'";

/** Webhooks over the engines of the test run, a clock the test moves, and a receiver; one at a time. */
export const openWebhookRoom = async () => {
  const clock = { ms: WEBHOOK_EPOCH_MS };
  const nowMs = () => clock.ms;
  const engines = openTestResources({ nowMs });
  const alone = await engines.owner.connect();
  await alone.query(LOCK_SENDERS);
  const { stores, senderDeps, operations, write } = openWebhookParts(engines, nowMs);
  const receiver: Receiver = await openReceiver(nowMs);
  let made = 0;

  const makeEndpoint = async (
    more: Partial<NewEndpointInput> = {},
    tenantId = freshTenantId(),
  ): Promise<TestEndpoint> => {
    const caller = callerWith(tenantId, TENANT_PERMISSIONS);
    made += 1;
    const path = `/${made}`;
    const input: NewEndpointInput = {
      ...{ url: `${receiver.url}${path}`, eventTypes: [], labels: [], headers: [], ordering: "NONE" },
      ...{ ratePerMinute: 6_000, signing: ["HMAC_SHA256"], ...more },
    };
    const outcome = await operations.createWebhookEndpoint(caller, input);
    if (outcome.kind !== "SAVED") throw new Error(`No endpoint was made: ${JSON.stringify(outcome)}`);
    const secrets = outcome.shown.map(({ secret }) => secret);
    receiver.trust(path, secrets);
    return { tenantId, caller, endpoint: outcome.endpoint, path, secrets };
  };
  /** Tells of jobs that ended, in one transaction later than the endpoint's; their revisions are `1,000 * round` and up. */
  const tellJobs = ({ tenantId, endpoint }: TestEndpoint, jobIds: readonly string[], round = 1): Promise<void> => {
    const transaction = endpoint.sinceTransaction + BigInt(round);
    const entries = jobIds.map((id, place) =>
      jobEntry(tenantId, { transaction, sequence: BigInt(place) }, id, round * 1_000 + place),
    );
    return engines.resources.sql.transaction(tenantId, (within) => write(within, tenantId, entries));
  };
  /** Sends until nothing is due. */
  const drain = async (sender: SteadySender): Promise<void> => {
    for (let more = true; more;) {
      more = await sender.look();
      await sender.settled();
    }
  };
  return {
    ...{ clock, engines, stores, operations, receiver, makeEndpoint, tellJobs, drain },
    /** Lets no endpoint be sent to that is. */
    rest: () => engines.owner.query(REST_ENDPOINTS),
    /** One more sender; parts of it may be replaced. */
    sender: (parts: Partial<SenderDeps> = {}) => createSender({ ...senderDeps, ...parts }),
    /** What arrived at an endpoint. */
    arrivedAt: ({ path }: TestEndpoint) => receiver.received.filter((one) => one.path === path),
    /** The deliveries of an endpoint as they stand, in their order. */
    standing: async ({ endpoint }: TestEndpoint) => {
      const text = "SELECT state, attempts, end_reason FROM webhook_delivery WHERE endpoint_id = $1 ORDER BY sequence";
      return stateRows.parse((await engines.owner.query(text, [endpoint.id])).rows);
    },
    close: async () => {
      await receiver.close();
      // The lock ends with its connection.
      alone.release(true);
      await engines.close();
    },
  };
};

/** See {@link openWebhookRoom}. */
export type WebhookRoom = Awaited<ReturnType<typeof openWebhookRoom>>;
