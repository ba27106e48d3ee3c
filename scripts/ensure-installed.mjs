// Needs nothing but Node: it runs before node_modules exists, and on Node versions too old for the rest of the product.
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./run-child.mjs";
import { withSetupLock } from "./setup-lock.mjs";

const HEARTBEAT_MS = 10_000;
const OLDEST_NODE = [20, 19];

/** The checkout's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Stops a script with one sentence instead of a stack trace. */
export class SetupError extends Error {}

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** What is wrong with this version of Node; null when it is new enough. */
export const nodeProblem = (version) => {
  const [major, minor] = version.split(".").map(Number);
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return fits
    ? null
    : `Tessera needs Node ${OLDEST_NODE.join(".")} or newer and this is ${version}: install a newer one from https://nodejs.org and run the command again.`;
};

/**
 * True when everything the lock file asks for is installed in its version. Optional packages may be absent (they are for other
 * systems), and packages too many do no harm.
 */
export const matchesLock = (wanted, installed) =>
  Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === "" || entry.link || installed.packages[path]?.version === entry.version) return true;
    return installed.packages[path] === undefined && Boolean(entry.optional || entry.devOptional);
  });

/**
 * True when the lock file names every optional package, those of other systems included. One written where the registry lacks some of
 * them does not, and `npm ci` refuses it; `npm install --no-save` takes the locked versions and looks for the rest.
 */
export const isCompleteLock = ({ packages }) => {
  const isLocked = (path, name) => {
    const folders = path.split("/").map((_part, index, parts) => `${parts.slice(0, index + 1).join("/")}/`);
    return ["", ...folders].some((folder) => packages[`${folder}node_modules/${name}`] !== undefined);
  };
  return Object.entries(packages).every(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).every((name) => isLocked(path, name)),
  );
};

const isInstalled = (lockHash, stamp) => {
  const hidden = join(root, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  if (lockHash === "" || (existsSync(stamp) && readFileSync(stamp, "utf8") === lockHash)) return true;
  return matchesLock(readJson(join(root, "package-lock.json")), readJson(hidden));
};

const npmCommand = () => {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && /\.c?js$/.test(cli)) return { command: process.execPath, first: [cli] };
  return { command: process.platform === "win32" ? "npm.cmd" : "npm", first: [] };
};

const assertWritable = () => {
  const target = existsSync(join(root, "node_modules")) ? join(root, "node_modules") : root;
  try {
    accessSync(target, constants.W_OK);
  } catch {
    throw new SetupError(
      `Packages must be installed, but ${target} can't be written by this user: run "npm ci" there as its owner, or give the folder to this user.`,
    );
  }
};

const npmArguments = (lock) => {
  if (!existsSync(lock)) return ["install"];
  return isCompleteLock(readJson(lock)) ? ["ci"] : ["install", "--no-save"];
};

const install = async (lock) => {
  assertWritable();
  const { command, first } = npmCommand();
  const startMs = Date.now();
  console.error("Installing packages (only when they changed; the first time takes one to a few minutes)...");
  const heartbeat = setInterval(
    () => console.error(`  still installing, ${Math.round((Date.now() - startMs) / 1000)} s`),
    HEARTBEAT_MS,
  );
  const args = [...first, ...npmArguments(lock), "--no-audit", "--no-fund", "--loglevel=error"];
  const shell = process.platform === "win32";
  const code = await runChild(command, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], shell }).finally(() =>
    clearInterval(heartbeat),
  );
  if (code !== 0) {
    throw new SetupError(
      `npm could not install the packages (exit code ${code}; its own words are above). Check the network and the free disk space, then run the command again.`,
    );
  }
  console.error(`Installed in ${Math.round((Date.now() - startMs) / 1000)} s.`);
};

/** Makes node_modules equal to package-lock.json; costs a hash when it already is. Throws SetupError with one clear sentence. */
export const ensureInstalled = async () => {
  const problem = nodeProblem(process.versions.node);
  if (problem !== null) throw new SetupError(problem);
  const lock = join(root, "package-lock.json");
  const hasLock = existsSync(lock);
  const lockHash = () => (hasLock ? createHash("sha256").update(readFileSync(lock)).digest("hex") : "");
  const stamp = join(root, "node_modules/.cache/tessera/installed");
  if (hasLock && existsSync(stamp) && isInstalled(lockHash(), stamp)) return;
  await withSetupLock(root, async () => {
    if (!isInstalled(lockHash(), stamp)) await install(lock);
    if (!hasLock) return;
    try {
      mkdirSync(dirname(stamp), { recursive: true });
      writeFileSync(stamp, lockHash());
    } catch (error) {
      if (error.code !== "EACCES" && error.code !== "EROFS") throw error; // a read-only checkout is compared again next time
    }
  });
};

/** Runs a script's body: a SetupError becomes its sentence and exit code 1, a number becomes the exit code. */
export const runScript = async (body) => {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(ensureInstalled);
