import { join } from "node:path";
import { expect } from "@jest/globals";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { askReadiness } from "./tessera-client.ts";
import { startRole, type TesseraProcess } from "./tessera-process.ts";

/** Every role of an installation by the name a test gives it; `subgraph` roles are named for their subgraph. */
const COMMANDS = {
  analytics: ["subgraph", "analytics"],
  anomaly: ["subgraph", "anomaly"],
  ml: ["subgraph", "ml"],
  governance: ["subgraph", "governance"],
  tenant: ["subgraph", "tenant"],
  ingest: ["ingest"],
  "second ingest": ["ingest"],
  worker: ["worker"],
  "second worker": ["worker"],
  gateway: ["gateway"],
  bridge: ["bridge"],
  "second bridge": ["bridge"],
  identity: ["identity"],
} as const;

/** Name of a role in a test. */
export type RoleName = keyof typeof COMMANDS;

/** Roles of one installation, each a process; a role keeps its address when it is started again. */
export interface RunningRoles {
  url(name: RoleName): string;
  process(name: RoleName): TesseraProcess;
  /** Starts roles beside each other; they may not be ready yet. */
  start(names: readonly RoleName[], environment?: Readonly<Record<string, string>>): void;
  /** Resolves once each says that it is ready. */
  ready(names: readonly RoleName[]): Promise<void>;
  /** kill -9, and its end. */
  kill(name: RoleName): Promise<void>;
  /** SIGTERM to all; answers the exit codes of those that were still running. */
  stop(): Promise<ReadonlyMap<RoleName, number | null>>;
}

/** Chooses an address for every role; nothing runs yet. `journals` is a directory for the intent journals of ingest. */
export const planRoles = async (
  environment: Readonly<Record<string, string>>,
  journals: string,
): Promise<RunningRoles> => {
  const ports = new Map<string, number>();
  for (const name of Object.keys(COMMANDS)) ports.set(name, await freePort());
  const url = (name: RoleName): string => `http://127.0.0.1:${ports.get(name) ?? 0}`;
  const addresses = {
    INGEST_URL: url("ingest"),
    GATEWAY_URL: url("gateway"),
    PUBLIC_URL: url("gateway"),
    IDENTITY_URL: url("identity"),
    SUBGRAPH_ANALYTICS_URL: `${url("analytics")}/graphql`,
    SUBGRAPH_ANOMALY_URL: `${url("anomaly")}/graphql`,
    SUBGRAPH_ML_URL: `${url("ml")}/graphql`,
    SUBGRAPH_GOVERNANCE_URL: `${url("governance")}/graphql`,
    SUBGRAPH_TENANT_URL: `${url("tenant")}/graphql`,
  };
  const running = new Map<RoleName, TesseraProcess>();
  const processOf = (name: RoleName): TesseraProcess => {
    const found = running.get(name);
    if (found === undefined) throw new Error(`${name} was not started.`);
    return found;
  };
  return {
    url,
    process: processOf,
    start: (names, extra = {}) => {
      for (const name of names) {
        const own = {
          PORT: String(ports.get(name)),
          INGEST_JOURNAL_DIR: join(journals, name),
          EXECUTION_JOURNAL_DIR: join(journals, `${name} executions`),
        };
        running.set(
          name,
          startRole(COMMANDS[name], { environment: { ...environment, ...addresses, ...own, ...extra } }),
        );
      }
    },
    ready: async (names) => {
      for (const name of names) {
        await processOf(name).said(/ is ready\./);
        await eventually(async () => expect(await askReadiness(url(name))).toEqual({ status: 200, missing: [] }));
      }
    },
    kill: async (name) => {
      processOf(name).send("SIGKILL");
      await processOf(name).ended;
      running.delete(name);
    },
    stop: async () => {
      const names = [...running.keys()];
      const endings = await Promise.all(names.map((name) => processOf(name).stop()));
      running.clear();
      return new Map(names.map((name, index) => [name, endings[index]?.code ?? null]));
    },
  };
};
