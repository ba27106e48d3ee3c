import { v7 as newUuid } from "uuid";
import { createForwardCaller } from "@tessera/platform/auth/forwarded-caller";
import { createIdentitySigner } from "@tessera/platform/auth/identity";
import { systemNowMs } from "@tessera/platform/time/clock";
import { registerRestBridge } from "@tessera/rest-bridge/bridge";
import { createRemoteGraph } from "@tessera/rest-bridge/graph/remote-graph";
import { auditKeysOf } from "@tessera/subgraph-governance/subgraph";
import { composeGraph } from "../compose.ts";
import { auditSecretsOf, subgraphUrl, type DistributedConfig } from "../config.ts";
import { createEdge, edgeOf } from "../edge.ts";
import { openExecutions, remoteExecutionLog } from "../executions.ts";
import { remoteTokenSource } from "../identity-parts.ts";
import { connectOverHttp } from "../graph-connections.ts";
import { openLimiting } from "../limiting.ts";
import { createReceiveProviderEvent } from "../provider-events.ts";
import type { Role, Shell } from "../shell.ts";

/** `tessera bridge`: REST over a gateway in another process; needs no store of its own. */
export const bridgeRole =
  (config: DistributedConfig) =>
  (shell: Shell): Role => {
    const { server, webSockets, clientAddress, logger, origins } = shell;
    const { supergraphSdl, sources } = composeGraph();
    const sign = createIdentitySigner({ secret: config.IDENTITY_SECRET, nowMs: systemNowMs });
    const tenant = connectOverHttp("tenant", subgraphUrl("tenant", config, sources), sign, logger);
    const anomaly = connectOverHttp("anomaly", subgraphUrl("anomaly", config, sources), sign, logger);
    const graph = createRemoteGraph({ url: config.GATEWAY_URL, forward: createForwardCaller(sign) });
    const eventLog = remoteExecutionLog(config, "bridge", sign);
    const directory = config.EXECUTION_JOURNAL_DIR;
    const { recorder, part } = openExecutions({ directory, role: "bridge", eventLog, logger });
    const limiting = openLimiting(tenant, { role: "bridge", counting: { redisUrl: config.REDIS_URL }, logger });
    registerRestBridge(server, webSockets, {
      auditKeys: auditKeysOf({ auditSecrets: auditSecretsOf(config) }),
      ...{ graph, clientAddress, logger, origins, recorder, newId: newUuid },
      authenticate: createEdge(tenant, "bridge", {
        tokens: remoteTokenSource(config),
        ...edgeOf(shell, limiting),
      }),
      receiveProviderEvent: createReceiveProviderEvent(anomaly, "bridge"),
      nowMs: systemNowMs,
      supergraphSdl: () => supergraphSdl,
    });
    return {
      parts: [part, limiting.part],
      probes: [recorder.probe, graph.probe],
      close: async () => {
        await graph.close();
        await tenant.close();
        await anomaly.close();
      },
    };
  };
