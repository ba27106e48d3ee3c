import type { KeyRing } from "@tessera/platform/auth/key-ring";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { PublicRequests } from "@tessera/platform/http/public-request";
import type { Resources } from "@tessera/platform/runtime/resources";
import { CHANNEL_LIMITS, keepsIncidents } from "./domain/notify/channel.ts";
import { NOTIFY_LIMITS } from "./domain/notify/delivery.ts";
import { RATE_BUNDLE } from "./domain/notify/plan.ts";
import { NO_ROUTES } from "./domain/notify/route.ts";
import { WEBHOOK_LIMITS } from "./domain/webhooks/endpoint.ts";
import { createNotificationForgetter } from "./jobs/notify/forget-notifications.ts";
import { createDeliverySender, type SenderDeps } from "./jobs/notify/send-due-deliveries.ts";
import { createAlertPictures, type PicturePorts } from "./operations/notify/alert-pictures.ts";
import { createChannelSecrets } from "./operations/notify/channel-secrets.ts";
import { createMailer, type MailRelay } from "./operations/notify/mailer.ts";
import { createNotifyOperations, type NotifyOperations } from "./operations/notify/notify-operations.ts";
import { createReadReportFiles, type ReportPorts } from "./operations/notify/report-files.ts";
import { createSendMessage, PROVIDERS, type Providers } from "./operations/notify/send-message.ts";
import { createReportMailer, type MailReportsDeps } from "./reactions/notify/mail-reports.ts";
import { createChannelTeller, type TellDeps } from "./reactions/notify/tell-channels.ts";
import { createChannelStore } from "./store/notify/channel-store.ts";
import { createDeliveryStore } from "./store/notify/delivery-store.ts";
import { noticesWithin } from "./store/notify/gather-notices.ts";
import { createInboxStore } from "./store/notify/inbox-store.ts";
import { createTemplateStore } from "./store/notify/template-store.ts";
import { createDeliveryListStore } from "./store/webhooks/delivery-list-store.ts";
import { createEndpointStore } from "./store/webhooks/endpoint-store.ts";
import { createMessageStore } from "./store/webhooks/message-store.ts";
import { parseAlertChanged } from "./store/notify/notify-rows.ts";

/** What telling people needs of others. */
export interface NotifyPorts {
  /** Null where the operator has given none: nothing that has a credential is kept then. */
  readonly keyRing: KeyRing | null;
  /** The operator's relay for mails; null where there is none. */
  readonly mailRelay: MailRelay | null;
  readonly requests: PublicRequests;
  /** What mails show pictures by; left out: they show none. */
  readonly pictures?: PicturePorts;
  /** By which the files of reports are read; left out: none are mailed. */
  readonly reports?: ReportPorts;
  /** Address clients use, which links begin with; without it there are none. */
  readonly publicUrl?: (() => string) | undefined;
  /** The providers themselves unless said, for tests. */
  readonly providers?: Providers;
}

/** Everything there is about telling people. */
export interface Notify {
  readonly operations: NotifyOperations;
  /** What takes transitions, what takes reports, and what sends; for tests, which run them step by step. */
  readonly telling: TellDeps;
  readonly mailing: MailReportsDeps;
  readonly sending: SenderDeps;
  readonly background: readonly Background[];
}

/** Opens channels, routes, deliveries and inboxes. */
export const openNotify = (resources: Resources, ports: NotifyPorts): Notify => {
  const { sql, eventLog, logger, nowMs, newId, metrics: telemetry } = resources;
  const { keyRing, mailRelay, requests, providers = PROVIDERS } = ports;
  const channels = createChannelStore({ sql, nowMs, limits: CHANNEL_LIMITS, noRoutes: NO_ROUTES });
  const deliveries = createDeliveryStore({
    ...{ sql, eventLog, nowMs, newId, limits: NOTIFY_LIMITS, rateBundle: RATE_BUNDLE, keepsIncidents },
    endpoints: createMessageStore(WEBHOOK_LIMITS),
  });
  const endpoints = createEndpointStore({ ...resources, limits: WEBHOOK_LIMITS });
  const handed = createDeliveryListStore({ sql, limits: WEBHOOK_LIMITS });
  const publicUrl = ports.publicUrl ?? (() => "");
  const [inbox, templates] = [createInboxStore({ sql, nowMs }), createTemplateStore(sql)];
  const secrets = createChannelSecrets(keyRing);
  const mailer = mailRelay === null ? null : createMailer(mailRelay);
  const send = createSendMessage({ requests, mailer, providers, nowMs, endpoints, publicUrl });
  const telling: TellDeps = { sql, logger, noticesWithin, parseAlert: parseAlertChanged, nowMs, newId };
  // Waits are shortened at random so that what failed together is not tried together; nothing is kept secret by it.
  const sending: SenderDeps = {
    ...{ deliveries, secrets, send, telemetry, logger, nowMs, newId, random: Math.random },
    pictures: ports.pictures === undefined ? null : createAlertPictures(ports.pictures, logger),
    readReport: ports.reports === undefined ? null : createReadReportFiles(ports.reports),
    publicUrl,
  };
  const mailing: MailReportsDeps = { sql, logger, noticesWithin, nowMs };
  return {
    operations: createNotifyOperations({
      ...{ channels, secrets, templates, requests, mailer, send, nowMs, newId, deliveries, inbox, eventLog },
      ...{ endpoints, handed },
    }),
    ...{ telling, mailing, sending },
    background: [
      createChannelTeller(telling),
      createReportMailer(mailing),
      createDeliverySender(sending),
      createNotificationForgetter({ deliveries, nowMs, logger }),
    ],
  };
};
