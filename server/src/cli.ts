import { errorMessage } from "@tessera/platform/errors/error-message";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { bannerText } from "./banner.ts";
import { loadDistributedConfig, loadEmbeddedConfig, loadMigrateConfig, type DistributedConfig } from "./config.ts";
import { startEmbedded } from "./embedded.ts";
import { createProgress } from "./progress.ts";
import { bridgeRole } from "./roles/bridge-role.ts";
import { gatewayRole } from "./roles/gateway-role.ts";
import { ingestRole } from "./roles/ingest-role.ts";
import { migrate } from "./roles/migrate-role.ts";
import { subgraphRole } from "./roles/subgraph-role.ts";
import { workerRole } from "./roles/worker-role.ts";
import { createShell, runRole, type Role, type Shell } from "./shell.ts";
import { stopOnSignal } from "./signals.ts";
import { isSubgraphName, SUBGRAPH_NAMES } from "./subgraphs.ts";

const USAGE = `Usage: tessera <role>

  embedded            everything in one process on embedded engines (npm start)
  gateway             the graph's front door, over subgraphs at their addresses
  bridge              REST, over a gateway
  ingest              the write path
  subgraph <name>     one subgraph: ${SUBGRAPH_NAMES.join(", ")}
  worker              background work of all rooms
  migrate             brings PostgreSQL and ClickHouse to this version

Settings are environment variables; see docs/configuration.md.
`;

/** Exit code for a start that can't succeed as asked. */
const CANNOT_START = 1;
/** Exit code for words that mean nothing here. */
const BAD_USAGE = 2;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const runEmbedded = async (): Promise<void> => {
  const startedMs = performance.now();
  const config = loadEmbeddedConfig();
  const instance = await startEmbedded(config, createProgress(process.stdout));
  say(bannerText({ ...instance, startedMs: performance.now() - startedMs }));
  stopOnSignal(instance.stop, say);
  const sentence = await instance.engineEnded;
  say(`${sentence} Stopping; start again to recover. Nothing acknowledged is lost.`);
  process.kill(process.pid, "SIGTERM");
};

const runDistributed = async (
  name: string,
  build: (config: DistributedConfig) => (shell: Shell) => Role | Promise<Role>,
): Promise<void> => {
  const config = loadDistributedConfig();
  const telemetry = { logger: createLogger(name, config.LOG_LEVEL), metrics: createMetrics() };
  const running = await runRole(createShell(telemetry), { host: config.HOST, port: config.PORT }, build(config));
  stopOnSignal(running.stop, say);
  say(`tessera ${name} listens on port ${running.port}.`);
  await running.ready;
  say(`tessera ${name} is ready.`);
};

const runMigrate = async (): Promise<void> => {
  const applied = await migrate(loadMigrateConfig());
  say(applied.length === 0 ? "Both stores are up to date." : `Applied: ${applied.join(", ")}.`);
};

const usage = (): Promise<void> => {
  process.stderr.write(USAGE);
  process.exit(BAD_USAGE);
};

const run = (role: string | undefined, name: string | undefined): Promise<void> => {
  switch (role) {
    case "embedded":
      return runEmbedded();
    case "gateway":
      return runDistributed("gateway", gatewayRole);
    case "bridge":
      return runDistributed("bridge", bridgeRole);
    case "ingest":
      return runDistributed("ingest", ingestRole);
    case "worker":
      return runDistributed("worker", workerRole);
    case "subgraph":
      return name !== undefined && isSubgraphName(name)
        ? runDistributed(`subgraph ${name}`, (config) => subgraphRole(name, config))
        : usage();
    case "migrate":
      return runMigrate();
    default:
      return usage();
  }
};

const [role, name] = process.argv.slice(2);
run(role, name).catch((error: unknown) => {
  process.stderr.write(`\n${errorMessage(error)}\n`);
  process.exit(CANNOT_START);
});
