// Whether every file is written as the formatter writes it. Prettier's form is the rule, but it takes a minute of processor time to look at all files: oxfmt,
// which writes nearly all of them alike, does so in one second, and prettier is asked about those alone that oxfmt would write otherwise.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root, runScript } from "./ensure-installed.mjs";

const bin = (path) => join(root, "node_modules", path);
/** Characters of a list of all files. */
const MAX_OUTPUT = 16 * 1024 ** 2;

const run = (program, args, folder) =>
  spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8", maxBuffer: MAX_OUTPUT });

const linesOf = (text) => text.split("\n").filter((line) => line !== "");

/**
 * Files below a folder that neither writes so, by their paths in it; throws with the words of a formatter that could not read one.
 * @param {string} folder
 * @returns {readonly string[]}
 */
export const unformatted = (folder) => {
  const quick = run(bin("oxfmt/bin/oxfmt"), ["--list-different", "."], folder);
  if (quick.status !== 0 && quick.stderr !== "") throw new Error(quick.stderr);
  const suspects = linesOf(quick.stdout);
  if (suspects.length === 0) return [];
  const exact = run(bin("prettier/bin/prettier.cjs"), ["--list-different", ...suspects], folder);
  if (exact.status !== 0 && exact.stderr !== "") throw new Error(exact.stderr);
  return linesOf(exact.stdout);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(() => {
    const files = unformatted(root);
    for (const file of files) console.error(`${file} is not formatted: npx prettier --write ${file}`);
    return files.length === 0 ? 0 : 1;
  });
}
