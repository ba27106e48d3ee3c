import { createIdentitySigner } from "@tessera/platform/auth/identity";
import { systemNowMs } from "@tessera/platform/time/clock";
import { createRemoteIngest } from "@tessera/ingest/remote-ingest";
import { auditSecretsOf, type DistributedConfig } from "../config.ts";
import { createLogRetention } from "../log-retention.ts";
import { openResources } from "../open-resources.ts";
import type { Role, Shell } from "../shell.ts";
import { storeSettingsOf } from "../store-settings.ts";
import { SUBGRAPH_NAMES } from "../subgraph-names.ts";
import { createSubgraph } from "../subgraphs.ts";

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
    };
    const background = SUBGRAPH_NAMES.flatMap((name) => createSubgraph(name, opened, ports).background);
    return {
      parts: [...opened.parts, ...background, createLogRetention(opened.resources)],
      probes: [...opened.probes, { name: "queue", check: () => opened.queues.ping() }],
      close: opened.close,
    };
  };
