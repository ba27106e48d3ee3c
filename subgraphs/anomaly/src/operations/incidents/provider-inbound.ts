import { createHmac, timingSafeEqual } from "node:crypto";
import type { Caller, Subject } from "@tessera/contracts/caller";
import { isUuid, type AnomalyId, type TenantId } from "@tessera/contracts/ids";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { AlertCommand } from "../../domain/alerts/alert-state.ts";
import { readPagerDutyEvent, type ProviderEvent } from "../../domain/incidents/provider-event.ts";
import type { Channel } from "../../domain/notify/channel.ts";
import type { ChannelStore } from "../../store/notify/channel-store.ts";
import type { Inbound } from "../../domain/incidents/inbound.ts";
import type { InboundStore } from "../../store/incidents/inbound-store.ts";

/** Characters of a secret: PagerDuty's have 64 or more. */
const SECRET_CHARACTERS = { least: 16, most: 512 } as const;
/** Signatures that are tried: a provider that changes its secret signs with both. */
const MAX_SIGNATURES = 5;
/** Bytes of an address: nobody guesses 256 bits. */
const ENDPOINT_BYTES = 32;
/** How old an event may be, and how long its id is known: what is forgotten is too old by then. */
const MAX_AGE_MS = 7 * 86_400_000;
const KNOWN_MS = 30 * 86_400_000;

/** What became of what a provider told. TAKEN: it led to what it says. KNOWN: it was told before. NOTHING: it asks nothing of us, or is too old. */
export type ReceivedEvent = "TAKEN" | "KNOWN" | "NOTHING" | "UNKNOWN_ENDPOINT" | "WRONG_SIGNATURE" | "NOT_READABLE";

/** What receiving events of providers needs. */
export interface InboundDeps {
  readonly sql: TenantSql;
  readonly inbound: InboundStore;
  readonly channels: Pick<ChannelStore, "find">;
  readonly keyRing: KeyRing | null;
  /** Holds the rule of an anomaly. */
  readonly holdRuleOf: (transaction: SqlTransaction, tenantId: TenantId, id: AnomalyId) => Promise<void>;
  readonly commandAnomaly: (
    transaction: SqlTransaction,
    tenantId: TenantId,
    id: AnomalyId,
    command: AlertCommand,
    change: { readonly by: Subject; readonly note: string | null; readonly atMs: number; readonly channelId: string },
  ) => Promise<{ readonly kind: "SAVED" | "REFUSED" | "NOT_FOUND" }>;
  readonly nowMs: NowMs;
  readonly randomBytes: (bytes: number) => Buffer;
}

/** What became of connecting a channel. */
export type ConnectedChannel =
  | { readonly kind: "CONNECTED"; readonly channel: Channel; readonly inbound: Inbound }
  | { readonly kind: "NOT_FOUND"; readonly id: string }
  | { readonly kind: "NOT_CONNECTABLE"; readonly channel: Channel };

const purposeOf = (tenantId: TenantId, channelId: string): string => `notify-inbound:${tenantId}:${channelId}`;

const ringOf = ({ keyRing }: InboundDeps): KeyRing => {
  if (keyRing !== null) return keyRing;
  throw refuse(
    "DEPENDENCY_UNAVAILABLE",
    "The operator has given this service no key ring (KEY_RING), without which no secret is kept.",
    { retryAfterSeconds: 3_600 },
  );
};

const connectChannel =
  (deps: InboundDeps) =>
  async ({ tenantId }: Caller, text: string, secret: string | null | undefined): Promise<ConnectedChannel> => {
    const id = text.toLowerCase();
    const channel = isUuid(id) ? await deps.channels.find(tenantId, id) : null;
    if (channel === null) return { kind: "NOT_FOUND", id: text };
    if (channel.settings.kind !== "PAGERDUTY") return { kind: "NOT_CONNECTABLE", channel };
    const given = secret?.trim() ?? null;
    if (given !== null && (given.length < SECRET_CHARACTERS.least || given.length > SECRET_CHARACTERS.most))
      throw refuse(
        "BAD_INPUT",
        "Give the secret that PagerDuty shows when the webhook is made there: 16 to 512 characters.",
        { field: "secret" },
      );
    const sealed = given === null ? null : await ringOf(deps).seal(purposeOf(tenantId, id), given);
    const endpoint = deps.randomBytes(ENDPOINT_BYTES).toString("base64url");
    const inbound = await deps.inbound.connect(tenantId, { channelId: id, endpoint, sealed, atMs: deps.nowMs() });
    return { kind: "CONNECTED", channel, inbound };
  };

/** Whether one of the signatures (`v1=` and HMAC-SHA256 of the body in hex, with commas between) is made with the secret; compared in a time that tells nothing. */
const isSigned = (secret: string, header: string, body: string): boolean => {
  const own = createHmac("sha256", secret).update(body, "utf8").digest();
  return header
    .split(",", MAX_SIGNATURES)
    .map((one) => /^v1=([0-9a-f]{64})$/iu.exec(one.trim())?.[1])
    .some((hex) => hex !== undefined && timingSafeEqual(Buffer.from(hex, "hex"), own));
};

const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
};

const COMMANDS = {
  ACKNOWLEDGE: { kind: "ACKNOWLEDGE", by: "CHANNEL" },
  RESOLVE: { kind: "RESOLVE" },
} as const satisfies Record<string, AlertCommand>;

const follow =
  (deps: InboundDeps, tenantId: TenantId, channelId: string, event: ProviderEvent) =>
  async (transaction: SqlTransaction): Promise<ReceivedEvent> => {
    const atMs = deps.nowMs();
    const { remote, command, agent } = event;
    const known = remote === null ? null : await deps.inbound.anomalyOf(transaction, tenantId, channelId, remote.id);
    const anomalyId = event.anomalyId ?? known;
    // Held before anything is written: transactions are numbered by their first writing, and the log tells steps in the order of these numbers.
    if (anomalyId !== null) await deps.holdRuleOf(transaction, tenantId, anomalyId);
    const taken = { channelId, id: event.id, atMs, forgetBeforeMs: atMs - KNOWN_MS };
    if (!(await deps.inbound.takeEvent(transaction, tenantId, taken))) return "KNOWN";
    if (anomalyId === null) return "NOTHING";
    if (remote !== null)
      await deps.inbound.keepRemote(
        transaction,
        tenantId,
        { anomalyId, channelId, remoteId: remote.id, url: remote.url },
        atMs,
      );
    if (command === null) return "NOTHING";
    const by = { kind: "SERVICE", id: `pagerduty:${agent?.id ?? "unknown"}` } as const;
    const note = `In PagerDuty, by ${agent?.name ?? "somebody"}.`;
    const done = await deps.commandAnomaly(transaction, tenantId, anomalyId, COMMANDS[command], {
      by,
      note,
      atMs,
      channelId,
    });
    return done.kind === "SAVED" ? "TAKEN" : "NOTHING";
  };

/** Takes what a provider sent to an address: whose it is the address alone says, and that it comes from the provider its signature. Taken once, however often it is sent. */
const receiveProviderEvent =
  (deps: InboundDeps) =>
  async (endpoint: string, signatures: string, body: string): Promise<ReceivedEvent> => {
    const found = /^[\w-]{43}$/u.test(endpoint) ? await deps.inbound.findAcrossTenants(endpoint) : null;
    if (found === null) return "UNKNOWN_ENDPOINT";
    const { tenantId, channelId, sealed } = found;
    if (sealed === null) return "WRONG_SIGNATURE";
    const secret = await ringOf(deps).open(purposeOf(tenantId, channelId), sealed);
    if (!isSigned(secret, signatures, body)) return "WRONG_SIGNATURE";
    const event = readPagerDutyEvent(parsed(body));
    if (event === null) return "NOT_READABLE";
    if (event.occurredAtMs < deps.nowMs() - MAX_AGE_MS) return "NOTHING";
    return deps.sql.transaction(tenantId, follow(deps, tenantId, channelId, event));
  };

/** Everything about what providers tell back, ready to be called. */
export const createInboundOperations = (deps: InboundDeps) => ({
  connectChannel: connectChannel(deps),
  disconnectChannel: async ({ tenantId }: Caller, text: string): Promise<boolean> =>
    isUuid(text) && deps.inbound.disconnect(tenantId, text.toLowerCase()),
  receiveProviderEvent: receiveProviderEvent(deps),
});

/** See {@link createInboundOperations}. */
export type InboundOperations = ReturnType<typeof createInboundOperations>;
