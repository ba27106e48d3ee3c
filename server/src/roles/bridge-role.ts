import { createIdentitySigner } from "@tessera/platform/auth/identity";
import { systemNowMs } from "@tessera/platform/time/clock";
import { registerRestBridge } from "@tessera/rest-bridge/bridge";
import { createRemoteGraph } from "@tessera/rest-bridge/graph/remote-graph";
import { composeGraph } from "../compose.ts";
import { subgraphUrls, type DistributedConfig } from "../config.ts";
import { createEdge } from "../edge.ts";
import { connectOverHttp } from "../graph-connections.ts";
import type { Role, Shell } from "../shell.ts";

/** `tessera bridge`: REST over a gateway in another process, which sees the caller's own credential. */
export const bridgeRole =
  (config: DistributedConfig) =>
  (shell: Shell): Role => {
    const { supergraphSdl, sources } = composeGraph();
    const sign = createIdentitySigner({ secret: config.IDENTITY_SECRET, nowMs: systemNowMs });
    const known = sources.find(({ name }) => name === "tenant")?.url;
    const tenantUrl = subgraphUrls(config).get("tenant") ?? known;
    if (tenantUrl === undefined) throw new Error("supergraph.yaml names no tenant subgraph.");
    const tenant = connectOverHttp("tenant", tenantUrl, sign, shell.logger);
    const graph = createRemoteGraph({ url: config.GATEWAY_URL });
    registerRestBridge(shell.server, shell.webSockets, {
      graph,
      authenticate: createEdge(tenant, "bridge"),
      logger: shell.logger,
      nowMs: systemNowMs,
      supergraphSdl: () => supergraphSdl,
    });
    return {
      parts: [],
      probes: [graph.probe],
      close: async () => {
        await Promise.all([graph.close(), tenant.close()]);
      },
    };
  };
