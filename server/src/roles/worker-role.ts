import { createIdentitySigner } from "@tessera/platform/auth/identity";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { systemNowMs } from "@tessera/platform/time/clock";
import { createRemoteIngest } from "@tessera/ingest/remote-ingest";
import { knowRooms } from "../know-rooms.ts";
import { createAskSubjectAccess } from "../ask-subject-access.ts";
import { auditSecretsOf, mailRelayOf, publicUrlOf, type DistributedConfig } from "../config.ts";
import { connectInProcess } from "../graph-connections.ts";
import { quotasOf } from "../limiting.ts";
import { logParts } from "../log-parts.ts";
import { openResources, type OpenResources } from "../open-resources.ts";
import type { Role, Shell } from "../shell.ts";
import { storeSettingsOf } from "../store-settings.ts";
import { SUBGRAPH_NAMES } from "../subgraph-names.ts";
import { createSubgraph, type SubgraphPorts } from "../subgraphs.ts";

/**
 * The background parts of every room. What a tenant is held to is asked of the tenant room in this same process, so that what workers read keeps to the
 * same limits and tiers as what callers read.
 */
export const openBackground = (
  opened: OpenResources,
  ports: SubgraphPorts,
  logger: Shell["logger"],
): readonly Background[] => {
  const subgraphs = SUBGRAPH_NAMES.map((name) => createSubgraph(name, opened, ports));
  const rooms = ["tenant", "analytics", "governance", "anomaly"] as const;
  const [tenant, analytics, governance, anomaly] = rooms.map((wanted) => subgraphs.find(({ name }) => name === wanted));
  if (tenant === undefined || analytics === undefined || governance === undefined || anomaly === undefined)
    throw new Error("A worker runs every room.");
  const connection = connectInProcess(tenant, logger);
  opened.holdTo(quotasOf(connection, "worker", logger));
  opened.knowAccess(createAskSubjectAccess(connection, "worker"));
  knowRooms(opened, {
    analytics: connectInProcess(analytics, logger),
    governance: connectInProcess(governance, logger),
    anomaly: connectInProcess(anomaly, logger),
  });
  return subgraphs.flatMap(({ background }) => background);
};

/** `tessera worker`: the background parts of every room (job handlers, evaluators, retention); any number may run side by side. */
export const workerRole =
  (config: DistributedConfig) =>
  (shell: Shell): Role => {
    const opened = openResources(storeSettingsOf(config), shell);
    const sign = createIdentitySigner({ secret: config.IDENTITY_SECRET, nowMs: systemNowMs });
    const ports = {
      ingest: createRemoteIngest({ url: config.INGEST_URL, sign }),
      apiKeyPepper: config.API_KEY_PEPPER,
      auditSecrets: auditSecretsOf(config),
      ...{ keyRing: config.KEY_RING, mailRelay: mailRelayOf(config) },
      publicUrl: publicUrlOf(config),
      abuse: shell.abuse,
    };
    const log = logParts(opened.resources);
    const background = openBackground(opened, ports, shell.logger);
    return {
      parts: [...opened.parts, ...background, ...log.parts],
      notes: log.notes,
      probes: [...opened.probes, { name: "queue", check: () => opened.queues.ping() }],
      close: opened.close,
    };
  };
