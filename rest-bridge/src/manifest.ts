import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest = z.record(z.string(), z.string());

/**
 * The bridge's persisted operations, document by id (`sha256:<hex>`), as codegen wrote them; a gateway that serves the bridge has to know them.
 * Throws when they were not generated.
 */
export const readBridgeManifest = (): Readonly<Record<string, string>> =>
  manifest.parse(JSON.parse(readFileSync(new URL("./generated/persisted-documents.json", import.meta.url), "utf8")));
