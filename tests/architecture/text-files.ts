import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's folder. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Endings of files that are parsed as TypeScript or JavaScript. */
export const SOURCE_ENDINGS: ReadonlySet<string> = new Set([".ts", ".tsx", ".mts", ".mjs", ".cjs", ".js", ".jsx"]);

const TEXT_ENDINGS = new Set([
  ".md",
  ".sql",
  ".graphql",
  ".prisma",
  ".yaml",
  ".yml",
  ".json",
  ".jsonc",
  ".css",
  ".html",
  ".sh",
  ".txt",
  "",
]);
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "generated", "coverage", ".git", ".tessera", ".turbo"]);
const SKIPPED_FILES = new Set(["package-lock.json", "supergraph.graphql"]);

/** A text file of the repository; `path` is relative to the root, with forward slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

const textsUnder = (folder: string): readonly TextFile[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : textsUnder(path);
    const ending = extname(entry.name);
    const wanted = SOURCE_ENDINGS.has(ending) || TEXT_ENDINGS.has(ending);
    if (!entry.isFile() || !wanted || SKIPPED_FILES.has(entry.name)) return [];
    return [{ path: relative(ROOT, path).split(sep).join("/"), text: readFileSync(path, "utf8") }];
  });

/** Reads every hand-written text of the checkout; what is derived is left out. */
export const readTextFiles = (): readonly TextFile[] => textsUnder(ROOT);
