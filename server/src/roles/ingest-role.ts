import { createIngest } from "@tessera/ingest/ingest";
import { INGEST_AUDIENCE, registerIngestRoutes, registerInternalIngestRoute } from "@tessera/ingest/http/routes";
import { createIdentitySigner, createIdentityVerifier } from "@tessera/platform/auth/identity";
import { createRequestQuotas } from "@tessera/platform/limits/request-quotas";
import { systemNowMs } from "@tessera/platform/time/clock";
import { subgraphSources } from "../compose.ts";
import { subgraphUrl, type DistributedConfig } from "../config.ts";
import { registerInternalExecutionsRoute } from "@tessera/platform/executions/remote-executions";
import { createEdge, edgeOf } from "../edge.ts";
import { openExecutions } from "../executions.ts";
import { remoteTokenSource } from "../identity-parts.ts";
import { connectOverHttp } from "../graph-connections.ts";
import { openLimiting } from "../limiting.ts";
import { openResources } from "../open-resources.ts";
import type { Role, Shell } from "../shell.ts";
import { storeSettingsOf } from "../store-settings.ts";

/** `tessera ingest`: the write path. One process writes at a time; others stand by, alive and not ready, and take over when it ends. */
export const ingestRole =
  (config: DistributedConfig) =>
  (shell: Shell): Role => {
    const settings = storeSettingsOf(config);
    const opened = openResources(settings, shell);
    const secret = config.IDENTITY_SECRET;
    const sign = createIdentitySigner({ secret, nowMs: systemNowMs });
    const tenant = connectOverHttp("tenant", subgraphUrl("tenant", config, subgraphSources()), sign, shell.logger);
    const ingest = createIngest({
      ...opened.resources,
      clickhouse: settings.writer,
      journalDirectory: config.INGEST_JOURNAL_DIR,
    });
    const { eventLog } = opened.resources;
    const { clientAddress, logger } = shell;
    const directory = config.EXECUTION_JOURNAL_DIR;
    const executions = openExecutions({ directory, role: "ingest", eventLog, logger });
    const limiting = openLimiting(tenant, { role: "ingest", counting: { redisUrl: config.REDIS_URL }, logger });
    const authenticate = createEdge(tenant, "ingest", {
      tokens: remoteTokenSource(config),
      ...edgeOf(shell, limiting),
    });
    registerIngestRoutes(shell.server, {
      ...{ ingest, authenticate, recorder: executions.recorder, clientAddress },
      quotas: createRequestQuotas({ ...limiting, nowMs: systemNowMs }),
    });
    const verify = createIdentityVerifier({ secret, audience: INGEST_AUDIENCE, nowMs: systemNowMs });
    registerInternalIngestRoute(shell.server, { ingest, verify });
    registerInternalExecutionsRoute(shell.server, { eventLog, verify });
    return {
      parts: [
        ...opened.parts,
        executions.part,
        limiting.part,
        { name: "ingest", start: () => ingest.start(), stop: () => ingest.stop() },
      ],
      probes: [...opened.probes, executions.recorder.probe, ...ingest.probes],
      close: async () => {
        await tenant.close();
        await opened.close();
      },
    };
  };
