import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { checkPage, pageOf, type Page, type PageArguments } from "../../domain/page.ts";
import { WEBHOOK_LIMITS, type Endpoint } from "../../domain/webhooks/endpoint.ts";
import { mayRead } from "../../domain/webhooks/endpoint-definition.ts";
import { findEventType, TEST_TYPE } from "../../domain/webhooks/event-types.ts";
import { bodyOf } from "../../domain/webhooks/message.ts";
import { orderingKey, subjectOf } from "../../domain/webhooks/wants.ts";
import type { Delivery, DeliveryListStore, Replayed } from "../../store/webhooks/delivery-list-store.ts";
import type { EndpointStore } from "../../store/webhooks/endpoint-store.ts";

/** What reading and repeating deliveries needs. */
export interface DeliveryDeps {
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryListStore;
  readonly graphUrl: () => string;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** Which deliveries somebody asks for. */
export interface DeliveriesAsked extends PageArguments {
  readonly filter?:
    | {
        readonly endpointId?: string | null | undefined;
        readonly messageId?: string | null | undefined;
        readonly states?: readonly string[] | null | undefined;
        readonly types?: readonly string[] | null | undefined;
        readonly from?: string | null | undefined;
        readonly to?: string | null | undefined;
      }
    | null
    | undefined;
}

const MESSAGE_ID = /^msg_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const PLACE = /^\d{1,18}$/;
const NOWHERE = "00000000-0000-0000-0000-000000000000";

const messageUuid = (id: string, field: string): string => {
  const [, uuid] = MESSAGE_ID.exec(id) ?? [];
  if (uuid === undefined) throw refuse("BAD_INPUT", "The id of a message is `msg_` and a UUID.", { field });
  return uuid;
};
const msOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Date.parse(text);

/** A page of deliveries, newest first. */
export const listDeliveries =
  ({ deliveries }: DeliveryDeps) =>
  async ({ tenantId }: Caller, { filter, ...page }: DeliveriesAsked): Promise<Page<Delivery>> => {
    const asked = checkPage(page, (text) => (PLACE.test(text) ? text : null));
    const [endpointId, messageId] = [filter?.endpointId ?? null, filter?.messageId ?? null];
    const found = await deliveries.page(
      tenantId,
      {
        endpointId: endpointId === null || isUuid(endpointId) ? endpointId : NOWHERE,
        messageId: messageId === null ? null : messageUuid(messageId, "filter.messageId"),
        ...{ states: filter?.states ?? null, types: filter?.types ?? null },
        ...{ fromMs: msOrNull(filter?.from), toMs: msOrNull(filter?.to) },
      },
      { first: asked.first + 1, after: asked.after },
    );
    return pageOf(found, asked);
  };

/** The body of a delivery, for who may read its type; null for others. */
export const bodyFor = ({ permissions, dataPolicy }: Caller, { type: name, body }: Delivery): string | null => {
  const type = findEventType(name);
  return type !== null && mayRead({ permissions, isRestricted: dataPolicy !== null }, type) ? body : null;
};

/** What became of a replay. */
export type ReplayOutcome = Replayed | { readonly kind: "NOT_FOUND" };

/** What is sent again: messages by their ids, or those of a time. */
export interface ReplayAsked {
  readonly endpointId: string;
  readonly messageIds?: readonly string[] | null | undefined;
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
  /** True unless said. */
  readonly onlyFailed?: boolean | undefined;
}

const findOpen = async ({ endpoints }: DeliveryDeps, caller: Caller, id: string): Promise<Endpoint | null> => {
  const endpoint = isUuid(id) ? await endpoints.find(caller.tenantId, id) : null;
  if (endpoint?.state === "DISABLED")
    throw refuse("CONFLICT", "The endpoint is disabled: let it be sent to again with resumeWebhookEndpoint first.");
  return endpoint;
};

const selectionOf = ({ messageIds, from, to, onlyFailed = true }: ReplayAsked, nowMs: number) => {
  const ids = messageIds ?? null;
  if ((ids === null) === (from === null || from === undefined))
    throw refuse("BAD_INPUT", "Say either `messageIds` or `from`.", { field: "input" });
  if (ids !== null) {
    if (ids.length === 0 || ids.length > WEBHOOK_LIMITS.replayed)
      throw refuse("BAD_INPUT", `A replay names 1 to ${WEBHOOK_LIMITS.replayed} messages.`, {
        field: "input.messageIds",
      });
    const messageIds_ = ids.map((id, place) => messageUuid(id, `input.messageIds.${place}`));
    return { kind: "IDS", messageIds: messageIds_ } as const;
  }
  const [fromMs, toMs] = [msOrNull(from) ?? nowMs, msOrNull(to) ?? nowMs];
  if (fromMs >= toMs) throw refuse("BAD_INPUT", "`from` lies before `to`.", { field: "input.from" });
  return { kind: "RANGE", fromMs, toMs, onlyFailed } as const;
};

/** Sends messages again under the ids they had. */
export const replay =
  (deps: DeliveryDeps) =>
  async (caller: Caller, asked: ReplayAsked): Promise<ReplayOutcome> => {
    const nowMs = deps.nowMs();
    const selection = selectionOf(asked, nowMs);
    const endpoint = await findOpen(deps, caller, asked.endpointId);
    if (endpoint === null) return { kind: "NOT_FOUND" };
    const keyOf = (subject: string): string | null => orderingKey(endpoint, subject);
    return deps.deliveries.replay(caller.tenantId, endpoint, selection, { nowMs, newId: deps.newId, keyOf });
  };

/** Sends a test to an endpoint, whatever types it asks for; null when there is no such endpoint. */
export const sendTest =
  (deps: DeliveryDeps) =>
  async (caller: Caller, id: string): Promise<Delivery | null> => {
    const endpoint = await findOpen(deps, caller, id);
    if (endpoint === null) return null;
    const [nowMs, type] = [deps.nowMs(), findEventType(TEST_TYPE)];
    const told = type?.tell({ endpointId: endpoint.id, atMs: nowMs }) ?? null;
    if (type === null || told === null) throw new Error("The catalogue has a type for tests.");
    const body = bodyOf(type, told, { readAtMs: nowMs, graphUrl: deps.graphUrl() });
    const to = [{ id: deps.newId(), endpointId: endpoint.id, orderingKey: null }];
    const message = { id: deps.newId(), type: type.name, subject: subjectOf(type, told), body, to };
    const [delivery] = await deps.deliveries.send(caller.tenantId, message, nowMs);
    return delivery ?? null;
  };
