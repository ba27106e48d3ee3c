import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { PRIVATE_MODE } from "./secrets.ts";

const demoFile = z.object({ url: z.string(), tenantId: z.string(), apiKey: z.string() });

/** What scripts need to talk to an embedded instance: `demo.json` in its home. */
export type Demo = z.infer<typeof demoFile>;

const pathOf = (home: string): string => join(home, "demo.json");

/** The demo credentials of an earlier start; null when there are none that can be read. */
export const readDemo = async (home: string): Promise<Demo | null> => {
  try {
    return demoFile.parse(JSON.parse(await readFile(pathOf(home), "utf8")));
  } catch {
    // No file, or one that was edited by hand: a new key is made.
    return null;
  }
};

/** Writes `demo.json` at once and whole, readable by its owner alone. */
export const writeDemo = async (home: string, demo: Demo): Promise<void> => {
  const path = pathOf(home);
  await writeFile(`${path}.new`, `${JSON.stringify(demo, null, 2)}\n`, { mode: PRIVATE_MODE });
  await rename(`${path}.new`, path);
};
