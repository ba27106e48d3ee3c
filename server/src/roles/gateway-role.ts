import { serveConsole } from "@tessera/console/assets";
import { createGateway } from "@tessera/gateway/gateway";
import { acceptForwardedCallers } from "@tessera/platform/auth/forwarded-caller";
import { createIdentitySigner } from "@tessera/platform/auth/identity";
import { systemNowMs } from "@tessera/platform/time/clock";
import { composeGraph } from "../compose.ts";
import { loadGateway, subgraphUrls, type DistributedConfig } from "../config.ts";
import { createEdge, edgeOf } from "../edge.ts";
import { openExecutions, remoteExecutionLog } from "../executions.ts";
import { remoteTokenSource } from "../identity-parts.ts";
import { connectOverHttp } from "../graph-connections.ts";
import { openLimiting } from "../limiting.ts";
import type { Role, Shell } from "../shell.ts";

/** `tessera gateway`: the graph's front door over subgraphs at their addresses; needs no store of its own. */
export const gatewayRole =
  (config: DistributedConfig) =>
  (shell: Shell): Role => {
    const { supergraphSdl, sources } = composeGraph();
    const sign = createIdentitySigner({ secret: config.IDENTITY_SECRET, nowMs: systemNowMs });
    const urls = subgraphUrls(config);
    const connections = new Map(
      sources.map(({ name, url }) => [name, connectOverHttp(name, urls.get(name) ?? url, sign, shell.logger)]),
    );
    const eventLog = remoteExecutionLog(config, "gateway", sign);
    const directory = config.EXECUTION_JOURNAL_DIR;
    const executions = openExecutions({ directory, role: "gateway", eventLog, logger: shell.logger });
    const counting = { redisUrl: config.REDIS_URL };
    const limiting = openLimiting(connections.get("tenant"), { role: "gateway", counting, logger: shell.logger });
    const authenticate = createEdge(connections.get("tenant"), "gateway", {
      tokens: remoteTokenSource(config),
      ...edgeOf(shell, limiting),
    });
    const { clientAddress } = shell;
    const secret = config.IDENTITY_SECRET;
    const gateway = createGateway({
      ...shell,
      ...acceptForwardedCallers({ authenticate, clientAddress, secret, nowMs: systemNowMs }),
      records: executions.records,
      ...{ supergraphSdl, connections },
      ...{ budgets: limiting.budgets, quotas: limiting.quotas },
      nowMs: systemNowMs,
      options: loadGateway(),
    });
    serveConsole(shell.server);
    return {
      parts: [executions.part, limiting.part, { name: "gateway", start: gateway.start, stop: gateway.stop }],
      probes: [executions.recorder.probe, ...gateway.probes()],
      close: async () => {
        for (const connection of connections.values()) await connection.close();
      },
    };
  };
