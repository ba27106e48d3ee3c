import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureInstalled, root } from "./ensure-installed.mjs";
import { generate } from "./generate.mjs";
import { runChild } from "./run-child.mjs";

/** Brings packages and derived files up to date, then runs the product's command line to its end; resolves to its exit code. */
export const runRole = async (args) => {
  await ensureInstalled();
  await generate();
  const follow = pathToFileURL(join(root, "scripts/follow-parent.mjs")).href;
  const node = ["--disable-warning=ExperimentalWarning", "--import", follow];
  return runChild(process.execPath, [...node, join(root, "server/dist/cli.js"), ...args], { ownGroup: true });
};
