import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import type { NowMs } from "@tessera/platform/time/clock";
import { addressedTo } from "../../domain/notify/addressed.ts";
import type { NewNotification } from "../../domain/notify/delivery.ts";
import { wordsOf } from "../../domain/notify/channel.ts";
import { viewOfGroup } from "../../domain/notify/group.ts";
import { messageOf, type Message } from "../../domain/notify/message.ts";
import { nextTryMs, RETRIES, type SendOutcome } from "../../domain/notify/retry.ts";
import { newestOfEach } from "../../domain/notify/subject.ts";
import type { AlertPictures } from "../../operations/notify/alert-pictures.ts";
import type { ChannelSecrets } from "../../operations/notify/channel-secrets.ts";
import type { ReadReportFiles } from "../../operations/notify/report-files.ts";
import type { SendMessage } from "../../operations/notify/send-message.ts";
import type { BegunDelivery } from "../../store/notify/begin-deliveries.ts";
import type { DeliveryStore, SettledClaim, Settling } from "../../store/notify/delivery-store.ts";
import type { LeasedClaim } from "../../store/leased-claims.ts";
import type { Lease } from "@tessera/platform/runtime/held-leases";
import { emptyReport, reportToSend } from "./send-report.ts";
import { createSteadySender, type SteadySender } from "../sending/steady-sender.ts";
import { createTurns } from "../sending/turns.ts";

/** Tenants whose deliveries are begun, or settled, at a time: each is a connection. */
const MAX_TURNS = 6;
/** Deliveries that are begun, or settled, by one transaction. */
const MAX_TOGETHER = 32;
/** Milliseconds between looks for due deliveries. */
const LOOK_MS = 500;

/** What sending needs. */
export interface SenderDeps {
  readonly deliveries: DeliveryStore;
  readonly secrets: Pick<ChannelSecrets, "open">;
  readonly send: SendMessage;
  /** Null where nothing is drawn. */
  readonly pictures: AlertPictures | null;
  /** Null where nobody can read reports. */
  readonly readReport: ReadReportFiles | null;
  /** Address clients use; empty where nobody has said it. */
  readonly publicUrl: () => string;
  readonly telemetry: Metrics;
  readonly logger: Logger;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  /** In [0, 1). */
  readonly random: () => number;
}

const messageFor = (
  deps: SenderDeps,
  { channel, tenants, delivery, notices, alerts, group }: BegunDelivery,
): Message => {
  // What a report's mail says is read when it is sent; what follows of it goes by nothing but its id.
  if (delivery.report !== null) return emptyReport(deps, delivery.id, delivery.report);
  const told = notices.map(({ alert }) => alert);
  const unlisted = Math.max(0, alerts - newestOfEach(told).length);
  const whole = { group: group === null ? null : viewOfGroup(group, told) };
  const said = { ...channel, templates: wordsOf(channel.templates, tenants) };
  const now = { atMs: deps.nowMs(), publicUrl: deps.publicUrl() };
  return messageOf({ id: delivery.id, channel: said, alerts: told, unlisted, wait: delivery.wait, ...now, ...whole });
};

/** What a delivery says of groups when it is settled, and what it told of its own. */
const groupsOf = ({ notices, group }: BegunDelivery, { group: told }: Message) => ({
  isGrouped: notices.some((notice) => notice.group !== null),
  found: (group?.members ?? []).filter(({ lost }) => lost).map(({ alert }) => alert.transitionId),
  told: told && { episode: told.episode, labels: told.labels, state: told.state, counts: told.counts },
});

/** What is put into inboxes by a channel of that kind: one for each person, or one for everybody. */
const inboxOf = (deps: SenderDeps, { channel, delivery }: BegunDelivery, message: Message): NewNotification[] => {
  if (channel.settings.kind !== "IN_APP") return [];
  const { persons } = channel.settings;
  const { severity, title, text, alerts, count } = message;
  const anomalyId = count === 1 ? (alerts[0]?.anomalyId ?? null) : null;
  return (persons.length === 0 ? [null] : persons).map((recipient) => ({
    ...{ id: deps.newId(), recipient, deliveryId: delivery.id, kind: "ALERT" as const, severity, title },
    ...{ body: text, anomalyId, channelId: channel.id },
  }));
};

const disabledNotice =
  (deps: SenderDeps, channelId: string, because: string) =>
  (name: string): NewNotification => ({
    ...{ id: deps.newId(), recipient: null, deliveryId: null, kind: "CHANNEL_DISABLED", severity: "ERROR" },
    ...{ title: `Channel ${name} was disabled`, anomalyId: null, channelId },
    body: `Its receiver refused for good: ${because}. Nothing is sent by it until somebody changes it.`,
  });

const settlingOf = (deps: SenderDeps, work: BegunDelivery, message: Message, outcome: SendOutcome): Settling => {
  const { delivery, channel } = work;
  const atMs = deps.nowMs();
  const { kind, code, said } = outcome;
  const attempt = { atMs, outcome: kind, code, said };
  const { told, ...groups } = groupsOf(work, message);
  const over = {
    attempt,
    dueMs: null,
    thread: null,
    notifications: [],
    disables: null,
    group: null,
    ...groups,
  } as const;
  switch (outcome.kind) {
    case "SENT": {
      const { reference } = outcome;
      const begins = channel.settings.kind === "SLACK" && reference !== undefined && message.subject !== null;
      const thread = begins && message.subject !== null ? { subject: message.subject, reference } : null;
      return { ...over, state: "SENT", group: told, thread, notifications: inboxOf(deps, work, message) };
    }
    case "HANDED_OVER":
      return { ...over, state: "HANDED_OVER", group: told, handed: outcome.handed };
    case "REFUSED": {
      const because = said === "" ? `status ${code ?? "unknown"}` : said;
      const tell = disabledNotice(deps, channel.id, because);
      // What one person's address refuses says nothing of the others that the channel tells.
      const disables = outcome.disables && delivery.recipient === null ? { because, tell } : null;
      if (outcome.keeps !== true) return { ...over, state: "FAILED", disables };
      return { ...over, attempt: { ...attempt, outcome: "TRY_AGAIN" }, state: "RETRYING", dueMs: atMs, disables };
    }
    case "TRY_AGAIN": {
      const sinceMs = atMs - (delivery.begunAtMs ?? atMs);
      const tried = { attempts: delivery.attempts + 1, sinceMs, retryAfterMs: outcome.retryAfterMs };
      const waitMs = nextTryMs({ ...tried, random: deps.random() });
      if (waitMs === null) return { ...over, attempt: { ...attempt, outcome: "GIVEN_UP" }, state: "FAILED" };
      return { ...over, state: "RETRYING", dueMs: atMs + waitMs };
    }
  }
};

const UNADDRESSED: SendOutcome = {
  ...{ kind: "REFUSED", code: null, said: "The channel is of another kind now, which tells no single person." },
  disables: false,
};

/** What is sent to one person is sent by their channel to them alone. */
const addressed = (work: BegunDelivery): BegunDelivery | null => {
  const { recipient } = work.delivery;
  if (recipient === null) return work;
  const settings = addressedTo(work.channel.settings, recipient);
  return settings === null ? null : { ...work, channel: { ...work.channel, settings } };
};

const LEASE_LOST = "LEASE_LOST";

/** A claim on its way: its lease, and how it is settled with others of its tenant. */
interface UnderWay {
  readonly claim: LeasedClaim;
  readonly lease: Lease;
  readonly settle: (settled: SettledClaim) => Promise<boolean>;
}

const sendBegun = async (
  deps: SenderDeps,
  { claim, lease, settle }: UnderWay,
  begun: BegunDelivery,
): Promise<string> => {
  const work = addressed(begun);
  if (work === null) {
    const settling = settlingOf(deps, begun, messageFor(deps, begun), UNADDRESSED);
    return (await settle({ claim, settling })) ? UNADDRESSED.kind : "LEASE_LOST";
  }
  const { channel, sealed, delivery } = work;
  const message = messageFor(deps, work);
  const outcome = await (async (): Promise<SendOutcome | typeof LEASE_LOST> => {
    // Whoever sent it before and did not live to tell: it is not tried for ever.
    if (delivery.attempts >= RETRIES.attempts)
      return { kind: "REFUSED", code: null, said: "It was tried too often.", disables: false };
    const secret = sealed === null ? null : await deps.secrets.open(channel.tenantId, channel.id, sealed);
    const thread =
      message.subject === null || channel.settings.kind !== "SLACK"
        ? null
        : await deps.deliveries.thread(channel.tenantId, channel.id, message.subject);
    const onDone = (recipient: string) => deps.deliveries.done(claim, recipient);
    const report = delivery.report === null ? null : await reportToSend(deps, work, delivery.report);
    if (report !== null && "kind" in report) return report;
    const isMail = channel.settings.kind === "EMAIL";
    const pictures = isMail ? ((await deps.pictures?.(channel.tenantId, message)) ?? []) : [];
    // Whoever stood still for longer than its lease sends nothing: somebody else does.
    if (!lease.isOwn()) return LEASE_LOST;
    const same = { channel, secret, pictures, thread, done: delivery.done, onDone };
    return deps.send({ ...same, message, ...report });
  })().catch((error: unknown): SendOutcome => {
    deps.logger.warn({ channelId: channel.id, error: errorMessage(error) }, "A delivery could not be sent.");
    return { kind: "TRY_AGAIN", code: null, said: "The message could not be sent.", retryAfterMs: null };
  });
  if (outcome === LEASE_LOST) return LEASE_LOST;
  const settled = await settle({ claim, settling: settlingOf(deps, work, message, outcome) });
  return settled ? outcome.kind : LEASE_LOST;
};

/**
 * Builds what sends deliveries, of whatever tenants. Safe beside any number of others: a delivery is leased to one, and only the holder of the lease can
 * settle it. Who dies between sending and settling has it sent again under the same id.
 */
const createNotificationSender = (deps: SenderDeps): SteadySender => {
  const { deliveries, nowMs, logger } = deps;
  const sent = deps.telemetry.counter(
    "tessera_anomaly_deliveries_total",
    "Deliveries of notifications by what followed.",
    ["outcome"],
  );
  const turns = { atOnce: MAX_TURNS, most: MAX_TOGETHER };
  const begin = createTurns({
    keyOf: ({ tenantId }: LeasedClaim) => tenantId,
    work: (claims) => deliveries.begin(claims[0].tenantId, claims),
    ...turns,
  });
  const settle = createTurns({
    keyOf: ({ claim }: SettledClaim) => claim.tenantId,
    work: (settled) => deliveries.settle(settled[0].claim.tenantId, settled),
    ...turns,
  });
  return createSteadySender<LeasedClaim>({
    ...{ nowMs, logger, claim: deliveries.claimDueAcrossTenants, renew: deliveries.renewAcrossTenants },
    send: async (claim, lease) => {
      try {
        const begun = await begin(claim);
        const isBegun = begun.kind === "BEGUN";
        sent.inc({ outcome: isBegun ? await sendBegun(deps, { claim, lease, settle }, begun.work) : begun.kind });
      } catch (error) {
        sent.inc({ outcome: "FAILED" });
        throw error;
      }
    },
  });
};

/** Claims the deliveries that are due, sends each to its end and answers how many it claimed. */
export const sendDueDeliveries = (deps: SenderDeps): (() => Promise<number>) =>
  createNotificationSender(deps).sendClaimed;

/** Sends due deliveries again and again; any number of processes may. Stopping waits for what is being sent. */
export const createDeliverySender = (deps: SenderDeps): Background => {
  const sender = createNotificationSender(deps);
  const looks = createRepeatedLook({
    ...{ name: "anomaly-notify-sender", everyMs: LOOK_MS, logger: deps.logger, look: sender.look },
    trouble: "Due deliveries can't be claimed; trying again.",
  });
  return {
    ...looks,
    stop: async () => {
      await looks.stop();
      await sender.settled();
    },
  };
};
