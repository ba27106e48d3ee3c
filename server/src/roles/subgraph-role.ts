import { readSupergraphFile } from "@tessera/gateway/composition";
import { createIdentitySigner, createIdentityVerifier } from "@tessera/platform/auth/identity";
import { serveSubgraph } from "@tessera/platform/graphql/serve-subgraph";
import { systemNowMs } from "@tessera/platform/time/clock";
import { createRemoteIngest } from "@tessera/ingest/remote-ingest";
import { knowRooms } from "../know-rooms.ts";
import { createAskSubjectAccess } from "../ask-subject-access.ts";
import { auditSecretsOf, mailRelayOf, publicUrlOf, subgraphUrl, type DistributedConfig } from "../config.ts";
import { connectOverHttp } from "../graph-connections.ts";
import { quotasOf } from "../limiting.ts";
import { places } from "../places.ts";
import { openResources } from "../open-resources.ts";
import type { Role, Shell } from "../shell.ts";
import { storeSettingsOf } from "../store-settings.ts";
import { createShareLinks } from "../share-links.ts";
import type { SubgraphName } from "../subgraph-names.ts";
import { createSubgraph } from "../subgraphs.ts";

/** `tessera subgraph <name>`: one subgraph behind HTTP and graphql-ws, for callers the gateway has signed. */
export const subgraphRole =
  (name: SubgraphName, config: DistributedConfig) =>
  (shell: Shell): Role => {
    const opened = openResources(storeSettingsOf(config), shell);
    const sign = createIdentitySigner({ secret: config.IDENTITY_SECRET, nowMs: systemNowMs });
    const ingest = createRemoteIngest({ url: config.INGEST_URL, sign });
    const sources = readSupergraphFile(places.supergraphFile);
    const rooms = ["tenant", "analytics", "governance", "anomaly"] as const;
    const [tenant, analytics, governance, anomaly] = rooms.map((asked) =>
      connectOverHttp(asked, subgraphUrl(asked, config, sources), sign, shell.logger),
    );
    if (tenant === undefined || analytics === undefined || governance === undefined || anomaly === undefined)
      throw new Error("Four rooms were connected to.");
    opened.holdTo(quotasOf(tenant, name, shell.logger));
    opened.shareBy(createShareLinks(tenant, name));
    opened.knowAccess(createAskSubjectAccess(tenant, name));
    knowRooms(opened, { analytics, governance, anomaly });
    const subgraph = createSubgraph(name, opened, {
      ingest,
      apiKeyPepper: config.API_KEY_PEPPER,
      auditSecrets: auditSecretsOf(config),
      ...{ keyRing: config.KEY_RING, mailRelay: mailRelayOf(config) },
      publicUrl: publicUrlOf(config),
    });
    const verifyIdentity = createIdentityVerifier({
      secret: config.IDENTITY_SECRET,
      audience: name,
      nowMs: systemNowMs,
    });
    serveSubgraph({
      subgraph,
      server: shell.server,
      webSockets: shell.webSockets,
      verifyIdentity,
      logger: shell.logger,
    });
    return {
      ...{ parts: opened.parts, probes: opened.probes },
      close: async () => {
        await Promise.all([tenant.close(), analytics.close(), governance.close(), anomaly.close()]);
        await opened.close();
      },
    };
  };
