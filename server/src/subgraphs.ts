import type { AbuseBounds } from "@tessera/contracts/abuse";
import type { IngestPort } from "@tessera/contracts/ingest";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { tierOf } from "@tessera/platform/features/features";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { createAnalyticsSubgraph } from "@tessera/subgraph-analytics/subgraph";
import { createAnomalySubgraph } from "@tessera/subgraph-anomaly/subgraph";
import { createGovernanceSubgraph } from "@tessera/subgraph-governance/subgraph";
import { createMlSubgraph } from "@tessera/subgraph-ml/subgraph";
import { createTenantSubgraph } from "@tessera/subgraph-tenant/subgraph";
import type { MailRelay } from "./config.ts";
import type { OpenResources } from "./open-resources.ts";
import type { SubgraphName } from "./subgraph-names.ts";

/** What some subgraphs need beside the resources. */
export interface SubgraphPorts {
  readonly ingest: IngestPort;
  readonly apiKeyPepper: string;
  /** Address clients use; links that are handed out begin with it, and are paths alone without it. */
  readonly publicUrl?: (() => string) | undefined;
  /** Secrets the keys of audit seals are derived from: the first signs, the others are former ones. */
  readonly auditSecrets: readonly [string, ...string[]];
  /** Seals what tenants entrust; without it no credential of theirs is kept. */
  readonly keyRing?: string | undefined;
  /** By which mails are sent; without it none are. */
  readonly mailRelay?: MailRelay | undefined;
  /** From when on something is abuse, for who watches for it in the background. */
  readonly abuse?: AbuseBounds | undefined;
}

const ringOf = ({ keyRing }: SubgraphPorts) => (keyRing === undefined ? null : readKeyRing(keyRing));

const factories = {
  analytics: (
    { resources, queues, longQueries, features, quotas, accessOfSubject, shareLinks, askExecutions, reportMails },
    ports,
  ) =>
    createAnalyticsSubgraph(resources, {
      ...{ ingest: ports.ingest, queues, longQueries, features, quotas, accessOfSubject, shareLinks, askExecutions },
      keyRing: ringOf(ports),
      mailChannels: reportMails.mailChannels,
    }),
  anomaly: ({ resources, askAnalytics, accessOfSubject, features, reportMails }, { mailRelay, publicUrl, ...ports }) =>
    createAnomalySubgraph(resources, {
      ...{ askAnalytics, accessOfSubject, publicUrl },
      tierOf: (tenantId) => tierOf(features, tenantId),
      keyRing: ringOf(ports),
      reports: { askReports: reportMails.askReports, accessOfSubject },
      mailRelay: mailRelay ?? null,
      requests: createPublicRequests({ allowLoopback: false }),
    }),
  ml: ({ resources }) => createMlSubgraph(resources),
  governance: ({ resources }, ports) => createGovernanceSubgraph(resources, { auditSecrets: ports.auditSecrets }),
  tenant: ({ resources, longQueries }, ports) =>
    createTenantSubgraph(resources, {
      apiKeyPepper: ports.apiKeyPepper,
      publicUrl: ports.publicUrl,
      abuse: ports.abuse,
      eraseEvents: longQueries.eraseTenant,
    }),
} as const satisfies Record<SubgraphName, (opened: OpenResources, ports: SubgraphPorts) => Subgraph>;

/** Builds one subgraph. */
export const createSubgraph = (name: SubgraphName, opened: OpenResources, ports: SubgraphPorts): Subgraph =>
  factories[name](opened, ports);
