import { expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { isProcessAlive, waitForProcessEnd } from "../engines/process-identity.ts";
import { removeAbandonedEngines, TEST_HOME_PREFIX } from "./abandoned-engines.ts";

const pidsSchema = z.object({ postgres: z.number(), clickhouse: z.number() });
const SLOW_MS = 120_000;

test(
  "the engines of a killed test run are ended and removed by the next one, those of a living run are left alone",
  async () => {
    const temporary = mkdtempSync(join(tmpdir(), "tessera-abandoned-"));
    const home = mkdtempSync(join(temporary, TEST_HOME_PREFIX));
    const module = new URL("../engines/embedded-engines.ts", import.meta.url).href;
    const script = `const { startEmbeddedEngines } = await import(${JSON.stringify(module)});
      const engines = await startEmbeddedEngines({ home: ${JSON.stringify(home)}, tenantTables: [] });
      console.log(JSON.stringify(engines.pids()));
      setInterval(() => undefined, 1000);`;
    const host = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL("../../../", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const line = await new Promise<string>((resolve) =>
        createInterface({ input: host.stdout }).once("line", resolve),
      );
      const pids = pidsSchema.parse(JSON.parse(line));
      expect(await removeAbandonedEngines(temporary)).toEqual([]);
      expect(isProcessAlive(pids.postgres)).toBe(true);
      const killed = new Promise((resolve) => host.once("exit", resolve));
      host.kill("SIGKILL");
      await killed;
      expect(await removeAbandonedEngines(temporary)).toEqual([home]);
      expect(isProcessAlive(pids.postgres)).toBe(false);
      expect(await waitForProcessEnd(pids.clickhouse, 10_000)).toBe(true);
      expect(existsSync(home)).toBe(false);
    } finally {
      host.kill("SIGKILL");
      rmSync(temporary, { recursive: true, force: true });
    }
  },
  SLOW_MS,
);
