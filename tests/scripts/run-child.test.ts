import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withSetupLock } from "../../scripts/setup-lock.mjs";

const scripts = join(import.meta.dirname, "../../scripts");
const url = (name: string): string => JSON.stringify(pathToFileURL(join(scripts, name)).href);

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a wrapper around a child program as the start script does, and sends it a signal once the child says "ready". */
const wrapped = (child: string, signal: NodeJS.Signals | null): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const program = `import { runChild } from ${url("run-child.mjs")};
      process.exitCode = await runChild(process.execPath, ["-e", ${JSON.stringify(child)}], { ownGroup: true });`;
    const wrapper = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    let sent = false;
    wrapper.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (signal === null || sent || !output.includes("ready")) return;
      sent = true;
      wrapper.kill(signal);
    });
    wrapper.once("error", reject);
    wrapper.once("close", (code) => resolve({ code, output }));
  });

const drains = (signal: string): string =>
  `setInterval(() => {}, 1000); let count = 0;
   process.on("${signal}", () => { count += 1; setTimeout(() => { console.log("drained " + count); process.exit(7); }, 100); });
   console.log("ready");`;

describe("a script that runs a program passes signals in and the exit code out", () => {
  it("the exit code is the program's", async () => {
    expect(await wrapped("process.exit(42)", null)).toEqual({ code: 42, output: "" });
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s reaches the program once, which drains before both end",
    async (signal) => {
      expect(await wrapped(drains(signal), signal)).toEqual({ code: 7, output: "ready\ndrained 1\n" });
    },
  );

  it("a program that dies of a signal gives the shell's exit code", async () => {
    expect((await wrapped(`process.kill(process.pid, "SIGKILL")`, null)).code).toBe(137);
  });

  it("a program follows the script that was killed outright: it drains and stops", async () => {
    const folder = mkdtempSync(join(tmpdir(), "follow-"));
    const file = join(folder, "drained");
    const note = `require("node:fs").writeFileSync(${JSON.stringify(file)}, "yes")`;
    const child = drains("SIGTERM").replace(`console.log("drained " + count)`, note);
    const program = `import { runChild } from ${url("run-child.mjs")};
      await runChild(process.execPath, ["--import", ${url("follow-parent.mjs")}, "-e", ${JSON.stringify(child)}], { ownGroup: true });`;
    const wrapper = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = new Promise((resolve) => wrapper.once("close", resolve));
    wrapper.stdout.once("data", () => wrapper.kill("SIGKILL"));
    await closed; // the program holds the wrapper's output open: closed means both have ended
    expect(readFileSync(file, "utf8")).toBe("yes");
    rmSync(folder, { recursive: true, force: true });
  });
});

describe("one process at a time sets up a checkout", () => {
  it("work under the lock never overlaps", async () => {
    const root = mkdtempSync(join(tmpdir(), "lock-"));
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
    };
    await Promise.all([withSetupLock(root, work), withSetupLock(root, work), withSetupLock(root, work)]);
    expect(most).toBe(1);
  });

  it("the lock of a dead process is taken over", async () => {
    const root = mkdtempSync(join(tmpdir(), "lock-"));
    const program = `import { withSetupLock } from ${url("setup-lock.mjs")};
      await withSetupLock(${JSON.stringify(root)}, () => process.kill(process.pid, "SIGKILL"));`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", program]);
    await new Promise((resolve) => holder.once("close", resolve));
    expect(await withSetupLock(root, () => "mine")).toBe("mine");
    rmSync(root, { recursive: true, force: true });
  });
});
