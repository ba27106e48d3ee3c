import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "@tessera/platform/config/load-config";
import { z } from "zod";
import type { Target } from "./send-events.ts";

const demo = z.object({ url: z.string(), apiKey: z.string() });

/** The running instance of this machine, from `demo.json` in `TESSERA_HOME` (default `.tessera`); null when there is none. */
export const readDemoTarget = async (environment: NodeJS.ProcessEnv = process.env): Promise<Target | null> => {
  const { TESSERA_HOME } = loadConfig({ TESSERA_HOME: z.string().default(".tessera") }, environment);
  try {
    return demo.parse(JSON.parse(await readFile(join(TESSERA_HOME, "demo.json"), "utf8")));
  } catch {
    return null;
  }
};
