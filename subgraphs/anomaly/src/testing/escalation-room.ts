import { expect } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { askSubgraph, callerWith } from "@tessera/platform/testing/ask-subgraph";
import { openEscalation } from "../open-escalation.ts";
import { makePages } from "../reactions/on-call/make-pages.ts";
import { openAnomalyRoom } from "./anomaly-room.ts";
import { openNotifyRoom } from "./notify/notify-room.ts";

/** What callers of these tests may. */
export const ESCALATION_RIGHTS: readonly Permission[] = [
  ...(["anomaly:read", "anomaly:manage", "anomaly:respond", "notifications:manage"] as const),
];

/** Saves an escalation policy. */
export const SAVE = `mutation ($id: ID, $version: Int, $input: EscalationPolicyInput!) { result: saveEscalationPolicy(id: $id, version: $version, input: $input) {
  __typename ... on EscalationPolicySaved { policy { id version name rank repeats repeatAfter matchers { label } steps { after targets { kind id } } } } } }`;

/** Says how a person is reached. */
export const CONTACTS = `mutation ($person: ID!, $contacts: [NotificationContactInput!]!) { result: setNotificationContacts(person: $person, contacts: $contacts) {
  personId contacts { channelId address after } } }`;

/** Everything about escalations over the engines of the test run, with a clock the test moves; alone with deliveries until it is closed. */
export const openEscalationRoom = async (ports: Parameters<typeof openNotifyRoom>[0] = {}) => {
  const room = openAnomalyRoom();
  const notify = await openNotifyRoom(ports);
  room.clock.ms = notify.clock.ms;
  const escalation = openEscalation({ ...room.engines.resources, nowMs: () => room.clock.ms });
  return {
    ...{ room, notify, escalation },
    ask: async (tenantId: TenantId, document: string, variables: Readonly<Record<string, unknown>> = {}) => {
      const answer = await askSubgraph(room.subgraph, callerWith(tenantId, ESCALATION_RIGHTS), document, variables);
      expect(answer.errors).toBeUndefined();
      return answer.data ?? {};
    },
    passTime: (ms: number): void => {
      room.clock.ms += ms;
      notify.clock.ms = room.clock.ms;
    },
    inboxChannel: (tenantId: TenantId, persons: readonly string[]): Promise<string> =>
      notify.makeChannel(tenantId, { name: `inbox ${randomUUID()}`, inApp: { persons } }),
    /** What is in inboxes of a tenant: whose, and by which transition. */
    told: async (tenantId: TenantId): Promise<readonly string[]> => {
      const text = `SELECT n.recipient, x.transition_id FROM notification n JOIN notify_notice x ON x.tenant_id = n.tenant_id AND x.delivery_id = n.delivery_id
    WHERE n.tenant_id = $1 ORDER BY n.id`;
      const { rows } = await room.engines.owner.query(text, [tenantId]);
      return z
        .array(z.object({ recipient: z.string(), transition_id: z.string() }))
        .parse(rows)
        .map(({ recipient, transition_id: transition }) => `${recipient} ${transition}`);
    },
    /** Takes transitions as the consumer does; `crash` dies before it commits. */
    take: (tenantId: TenantId, alerts: readonly AlertChanged[], crash = false): Promise<void> =>
      room.engines.resources.sql.transaction(tenantId, async (transaction) => {
        await makePages(escalation.making)(
          transaction,
          tenantId,
          alerts.map((payload, place) => ({
            ...{ tenantId, topic: ALERT_CHANGED, payload },
            cursor: { transaction: 1n, sequence: BigInt(place) },
          })),
        );
        if (crash) throw new Error("The process died before it committed.");
      }),
    close: async () => {
      await notify.close();
      await room.close();
    },
  };
};

/** See {@link openEscalationRoom}. */
export type EscalationRoom = Awaited<ReturnType<typeof openEscalationRoom>>;
