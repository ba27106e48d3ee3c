import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StartProblem } from "./start-problem.ts";

const packageByPlatform: Readonly<Record<string, string>> = {
  "linux-x64": "@chdb/lib-linux-x64-gnu",
  "linux-arm64": "@chdb/lib-linux-arm64-gnu",
  "darwin-x64": "@chdb/lib-darwin-x64",
  "darwin-arm64": "@chdb/lib-darwin-arm64",
};

/** What decides which build of the ClickHouse library fits: operating system, processor, and on Linux whether the C library is glibc. */
export type EnginePlatform = { readonly platform: string; readonly arch: string; readonly glibc: boolean };

const usesGlibc = (): boolean => {
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("header" in report)) return false;
  return typeof report.header === "object" && report.header !== null && "glibcVersionRuntime" in report.header;
};

/** The platform this process runs on. */
export const currentEnginePlatform = (): EnginePlatform => ({
  platform: process.platform,
  arch: process.arch,
  glibc: process.platform === "linux" && usesGlibc(),
});

/** Name of the npm package with the ClickHouse library for a platform; a StartProblem `PLATFORM_UNSUPPORTED` where none exists. */
export const clickHouseLibraryPackage = ({ platform, arch, glibc }: EnginePlatform): string => {
  const name = packageByPlatform[`${platform}-${arch}`];
  if (name === undefined || (platform === "linux" && !glibc)) {
    const here = platform === "linux" && !glibc ? `linux-${arch} without glibc` : `${platform}-${arch}`;
    throw new StartProblem(
      "PLATFORM_UNSUPPORTED",
      `The embedded ClickHouse runs on Linux with glibc (x64, arm64) and on macOS (x64, arm64), not on ${here}: give CLICKHOUSE_URL of an external server instead.`,
    );
  }
  return name;
};

/** Path of libchdb.so, found beside the `chdb` package wherever npm placed it. */
export const clickHouseLibraryPath = (platform: EnginePlatform = currentEnginePlatform()): string => {
  const name = clickHouseLibraryPackage(platform);
  try {
    const fromChdb = createRequire(createRequire(import.meta.url).resolve("chdb/package.json"));
    return join(dirname(fromChdb.resolve(`${name}/package.json`)), "libchdb.so");
  } catch (cause) {
    throw new StartProblem(
      "PLATFORM_UNSUPPORTED",
      `The npm package ${name} is not installed: run "npm ci" with optional dependencies on this platform.`,
      { cause },
    );
  }
};
