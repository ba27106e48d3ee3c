// One process at a time installs or generates in a checkout: two starts side by side must not write the same files.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const POLL_MS = 250;
/** After this long without its owner's pid file the lock's maker is taken to have died between two system calls. */
const NAMELESS_LOCK_MS = 5_000;

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

const ownerOf = (folder) => {
  try {
    return Number(readFileSync(join(folder, "pid"), "utf8"));
  } catch {
    return 0;
  }
};

const tryLock = (folder) => {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(folder, "pid"), String(process.pid));
  return true;
};

/** Runs the work alone among all processes of this user that set up the same checkout; a dead owner's lock is taken over. */
export const withSetupLock = async (root, work) => {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const folder = join(tmpdir(), `tessera-setup-${process.getuid?.() ?? "user"}-${name}`);
  let namelessSinceMs = 0;
  let told = false;
  while (!tryLock(folder)) {
    const owner = ownerOf(folder);
    if (owner === 0) namelessSinceMs ||= Date.now();
    const abandoned = owner === 0 ? Date.now() - namelessSinceMs > NAMELESS_LOCK_MS : !isAlive(owner);
    if (abandoned) rmSync(folder, { recursive: true, force: true });
    else {
      if (owner !== 0 && owner !== process.pid && !told)
        console.error(`Waiting for process ${owner}, which is setting up this checkout.`);
      told ||= owner !== 0;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
