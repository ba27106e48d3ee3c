import { z } from "zod";
import { makeTemporaryDirectory } from "./temporary-home.ts";
import { startHost } from "./tessera-process.ts";

const tenantShape = z.object({ tenantId: z.string(), apiKey: z.string() });
const said = z.object({ url: z.string(), alpha: tenantShape, beta: tenantShape });

/** A whole embedded instance, in a process of its own, with two tenants that know nothing of each other; their keys have every permission. */
export interface TwoTenants extends z.infer<typeof said> {
  /** Where everything it keeps is. */
  readonly home: string;
  /** Everything the instance has logged. */
  readonly output: () => string;
  stop(): Promise<void>;
}

/** Starts engines, graph, write path, workers and both tenants; `environment` adds settings. */
export const startTwoTenants = async (environment: Readonly<Record<string, string>> = {}): Promise<TwoTenants> => {
  const directory = await makeTemporaryDirectory();
  const settings = { ...environment, PORT: "0", TESSERA_HOME: directory.home("home") };
  const host = startHost("two-tenants-host", { environment: settings });
  const [, line = ""] = await host.said(/^TENANTS (.*)\n/m);
  return {
    ...said.parse(JSON.parse(line)),
    home: directory.home("home"),
    output: host.output,
    stop: async () => {
      await host.stop();
      await directory.remove();
    },
  };
};
