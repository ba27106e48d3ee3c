import { errorMessage } from "@tessera/platform/errors/error-message";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { bannerText } from "./banner.ts";
import {
  loadDistributedConfig,
  loadEmbeddedConfig,
  loadMigrateConfig,
  loadRotateKeysConfig,
  outsideOf,
  type DistributedConfig,
} from "./config.ts";
import { createProgress, StartStopped } from "./progress.ts";
import { createShell, runRole, type Role, type Shell } from "./shell.ts";
import { stopOnSignal } from "./signals.ts";
import { isSubgraphName, SUBGRAPH_NAMES } from "./subgraph-names.ts";

const USAGE = `Usage: tessera <role>

  embedded            everything in one process on embedded engines (npm start)
  gateway             the graph's front door, over subgraphs at their addresses
  bridge              REST, over a gateway
  ingest              the write path
  identity            the OAuth 2.0 and OpenID Connect server, with the sign-in page
  subgraph <name>     one subgraph: ${SUBGRAPH_NAMES.join(", ")}
  worker              background work of all rooms
  rotate-keys         seals anew, with the first key of KEY_RING, what older keys have sealed
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
  const { startEmbedded } = await import("./embedded.ts");
  const stopping = new AbortController();
  // Told to stop while it starts, it ends the step it is at and stops what runs: engines that were just started are not left behind.
  const starting = startEmbedded(config, createProgress(process.stdout, stopping.signal)).catch((error: unknown) => {
    if (error instanceof StartStopped) return null;
    throw error;
  });
  stopOnSignal(async () => {
    stopping.abort();
    await (await starting)?.stop();
  }, say);
  const instance = await starting;
  if (instance === null) return;
  say(bannerText({ ...instance, startedMs: performance.now() - startedMs }));
  const sentence = await instance.engineEnded;
  say(`${sentence} Stopping; start again to recover. Nothing acknowledged is lost.`);
  process.kill(process.pid, "SIGTERM");
};

type RoleOf = (config: DistributedConfig) => (shell: Shell) => Role | Promise<Role>;

/** A role is loaded when it is run: a process reads the code of no other role. */
const runDistributed = async (name: string, load: () => Promise<RoleOf>): Promise<void> => {
  const config = loadDistributedConfig();
  const build = await load();
  const telemetry = { logger: createLogger(name, config.LOG_LEVEL), metrics: createMetrics() };
  const running = await runRole(
    createShell(telemetry, outsideOf(config), config.IDENTITY_SECRET),
    { host: config.HOST, port: config.PORT },
    build(config),
  );
  stopOnSignal(running.stop, say);
  say(`tessera ${name} listens on port ${running.port}.`);
  await running.ready;
  say(`tessera ${name} is ready.`);
};

const runMigrate = async (): Promise<void> => {
  const config = loadMigrateConfig();
  const { migrate } = await import("./roles/migrate-role.ts");
  const applied = await migrate(config);
  say(applied.length === 0 ? "Both stores are up to date." : `Applied: ${applied.join(", ")}.`);
};

const runRotateKeys = async (): Promise<void> => {
  const config = loadRotateKeysConfig();
  const { rotateKeys } = await import("./roles/rotate-keys-role.ts");
  const { sentence, isDone } = await rotateKeys(config);
  say(sentence);
  if (!isDone) process.exitCode = CANNOT_START;
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
      return runDistributed("gateway", async () => (await import("./roles/gateway-role.ts")).gatewayRole);
    case "bridge":
      return runDistributed("bridge", async () => (await import("./roles/bridge-role.ts")).bridgeRole);
    case "ingest":
      return runDistributed("ingest", async () => (await import("./roles/ingest-role.ts")).ingestRole);
    case "identity":
      return runDistributed("identity", async () => (await import("./roles/identity-role.ts")).identityRole);
    case "worker":
      return runDistributed("worker", async () => (await import("./roles/worker-role.ts")).workerRole);
    case "subgraph":
      return name !== undefined && isSubgraphName(name)
        ? runDistributed(`subgraph ${name}`, async () => {
            const { subgraphRole } = await import("./roles/subgraph-role.ts");
            return (config) => subgraphRole(name, config);
          })
        : usage();
    case "rotate-keys":
      return runRotateKeys();
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
