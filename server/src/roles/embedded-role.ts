import { serveConsole } from "@tessera/console/assets";
import type { GatewayOptions } from "@tessera/gateway/config";
import { createGateway, type Gateway } from "@tessera/gateway/gateway";
import { createIngest } from "@tessera/ingest/ingest";
import { registerIngestRoutes } from "@tessera/ingest/http/routes";
import { acceptForwardedCallers, createForwardCaller } from "@tessera/platform/auth/forwarded-caller";
import { createIdentitySigner } from "@tessera/platform/auth/identity";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { createRequestQuotas } from "@tessera/platform/limits/request-quotas";
import { systemNowMs } from "@tessera/platform/time/clock";
import { registerRestBridge, type BridgeDeps } from "@tessera/rest-bridge/bridge";
import { createInProcessGraph } from "@tessera/rest-bridge/graph/in-process-graph";
import { auditKeysOf } from "@tessera/subgraph-governance/subgraph";
import { knowRooms } from "../know-rooms.ts";
import { createAskSubjectAccess } from "../ask-subject-access.ts";
import { composeGraph } from "../compose.ts";
import { createEdge, edgeOf } from "../edge.ts";
import { openExecutions } from "../executions.ts";
import { identityPart, openIdentity, ownUrlOf } from "../identity-parts.ts";
import { connectInProcess } from "../graph-connections.ts";
import { openLimiting } from "../limiting.ts";
import type { Part } from "../lifecycle.ts";
import { logParts } from "../log-parts.ts";
import type { OpenResources } from "../open-resources.ts";
import type { EmbeddedSecrets } from "../secrets.ts";
import type { Role, Shell } from "../shell.ts";
import type { StoreSettings } from "../store-settings.ts";
import { SUBGRAPH_NAMES } from "../subgraph-names.ts";
import { createReceiveProviderEvent } from "../provider-events.ts";
import { createShareLinks } from "../share-links.ts";
import type { MailRelay } from "../config.ts";
import { createSubgraph } from "../subgraphs.ts";

/** What the embedded role is built over. */
export interface EmbeddedRoleDeps {
  readonly opened: OpenResources;
  readonly settings: StoreSettings;
  readonly secrets: EmbeddedSecrets;
  readonly journalDirectory: string;
  readonly executionJournalDirectory: string;
  readonly gatewayOptions: GatewayOptions;
  readonly mailRelay?: MailRelay | undefined;
  /** Address clients use; null: the one this process listens on. */
  readonly publicUrl: string | null;
}

const openIngest = ({ opened, settings, journalDirectory }: EmbeddedRoleDeps) =>
  createIngest({ ...opened.resources, clickhouse: settings.writer, journalDirectory });

const openSubgraphs = (
  deps: EmbeddedRoleDeps,
  ingest: ReturnType<typeof openIngest>,
  publicUrl: () => string,
  abuse: Shell["abuse"],
): readonly Subgraph[] =>
  SUBGRAPH_NAMES.map((name) =>
    createSubgraph(name, deps.opened, {
      ingest,
      apiKeyPepper: deps.secrets.apiKeyPepper,
      auditSecrets: [deps.secrets.identitySecret],
      ...{ keyRing: deps.secrets.keyRing, mailRelay: deps.mailRelay },
      ...{ publicUrl, abuse },
    }),
  );

/** One process counts alone; the event store holds tenants to the same limits as the gateway. */
const openLimits = (
  opened: OpenResources,
  tenant: Parameters<typeof openLimiting>[0],
  logger: Shell["logger"],
): ReturnType<typeof openLimiting> => {
  const limiting = openLimiting(tenant, { role: "embedded", counting: "alone", logger });
  opened.holdTo(limiting.quotas);
  if (tenant !== undefined) opened.shareBy(createShareLinks(tenant, "embedded"));
  if (tenant !== undefined) opened.knowAccess(createAskSubjectAccess(tenant, "embedded"));
  return limiting;
};

/** REST in the gateway's own process; it tells the gateway's socket, over which its streams go, who reads. */
const openBridge = (
  deps: EmbeddedRoleDeps,
  shell: Shell,
  entrance: Pick<BridgeDeps, "authenticate" | "recorder" | "receiveProviderEvent"> & {
    readonly gateway: Gateway;
    readonly supergraphSdl: string;
  },
): void => {
  const { server, webSockets, clientAddress, logger, origins } = shell;
  const { gateway, supergraphSdl, ...rest } = entrance;
  const { identitySecret: secret } = deps.secrets;
  const forward = createForwardCaller(createIdentitySigner({ secret, nowMs: systemNowMs }));
  registerRestBridge(server, webSockets, {
    auditKeys: auditKeysOf({ auditSecrets: [secret] }),
    graph: createInProcessGraph({ execute: gateway.execute, server, forward }),
    ...{ ...rest, clientAddress, logger, origins, newId: deps.opened.resources.newId },
    nowMs: systemNowMs,
    supergraphSdl: () => supergraphSdl,
  });
};

const gatewayPart = (gateway: Gateway): Part => ({ name: "gateway", start: gateway.start, stop: gateway.stop });

/** Everything in one process: the graph over in-process subgraphs, the write path, REST, the pages and the workers, on one port. */
export const embeddedRole =
  (deps: EmbeddedRoleDeps) =>
  (shell: Shell): Role => {
    const { opened } = deps;
    const { server, webSockets, clientAddress, logger, metrics } = shell;
    const { eventLog } = opened.resources;
    const directory = deps.executionJournalDirectory;
    const { recorder, records, part } = openExecutions({ directory, role: "embedded", eventLog, logger });
    const publicUrl = (): string => deps.publicUrl ?? ownUrlOf(shell);
    const identity = openIdentity(shell, opened.resources, deps.secrets, publicUrl);
    const ingest = openIngest(deps);
    const subgraphs = openSubgraphs(deps, ingest, publicUrl, shell.abuse);
    const connections = new Map(subgraphs.map((subgraph) => [subgraph.name, connectInProcess(subgraph, logger)]));
    const limiting = openLimits(opened, connections.get("tenant"), logger);
    knowRooms(opened, {
      ...{ analytics: connections.get("analytics"), governance: connections.get("governance") },
      anomaly: connections.get("anomaly"),
    });
    const authenticate = createEdge(connections.get("tenant"), "edge", {
      tokens: () => ({ publicUrl: publicUrl(), loadKeys: identity.publicKeys }),
      ...edgeOf(shell, limiting),
    });
    const { supergraphSdl } = composeGraph();
    const secret = deps.secrets.identitySecret;
    const gateway = createGateway({
      supergraphSdl,
      ...{ connections, server, webSockets, records, logger, metrics },
      // The bridge in this process tells the socket of its streams who reads.
      ...acceptForwardedCallers({ authenticate, clientAddress, secret, nowMs: systemNowMs }),
      ...{ ...limiting, nowMs: systemNowMs },
      options: deps.gatewayOptions,
    });
    const requests = { clientAddress, quotas: createRequestQuotas({ ...limiting, nowMs: systemNowMs }) };
    registerIngestRoutes(server, { ingest, authenticate, recorder, ...requests });
    serveConsole(server);
    const receiveProviderEvent = createReceiveProviderEvent(connections.get("anomaly"), "embedded");
    openBridge(deps, shell, { authenticate, recorder, receiveProviderEvent, gateway, supergraphSdl });
    const log = logParts(opened.resources);
    return {
      parts: [
        ...opened.parts,
        part,
        { name: "ingest", start: () => ingest.start(), stop: () => ingest.stop() },
        identityPart(identity),
        gatewayPart(gateway),
        ...subgraphs.flatMap(({ background }) => background),
        ...log.parts,
      ],
      notes: log.notes,
      probes: [
        ...[...opened.probes, recorder.probe, ...ingest.probes, ...identity.probes, ...gateway.probes()],
        { name: "queue", check: () => opened.queues.ping() },
      ],
      close: async () => {
        for (const connection of connections.values()) await connection.close();
        await opened.close();
      },
    };
  };
