import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { DATA_DIRECTORY_VERSION, openDataDirectory, type DataDirectoryOptions } from "./data-directory.ts";
import { processStartMark } from "./process-identity.ts";
import { StartProblem } from "./start-problem.ts";

let parent = "";
let home = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "tessera-home-"));
  chmodSync(parent, 0o755);
  home = join(parent, "data");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const problemOf = (options: Partial<DataDirectoryOptions> = {}): StartProblem => {
  try {
    openDataDirectory({ home, runUser: null, ...options });
  } catch (error) {
    if (error instanceof StartProblem) return error;
    throw error;
  }
  throw new Error("the data directory was opened");
};

const writeLock = (pid: number, startMark: string | null): void => {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "tessera.lock"), JSON.stringify({ pid, startMark }));
};

const deadPid = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

describe("the data directory", () => {
  test("is created for its owner alone and remembers its layout and instance", () => {
    const { release, home: opened } = openDataDirectory({ home, runUser: null });
    release();
    expect(statSync(opened).mode & 0o777).toBe(0o700);
    expect(statSync(join(opened, "version.json")).mode & 0o777).toBe(0o600);
    const first = readFileSync(join(opened, "version.json"), "utf8");
    openDataDirectory({ home, runUser: null }).release();
    expect(readFileSync(join(opened, "version.json"), "utf8")).toBe(first);
    expect(JSON.parse(first)).toMatchObject({ version: DATA_DIRECTORY_VERSION });
  });

  test("held by a living process is refused with that process's id and what to do", () => {
    const { release } = openDataDirectory({ home, runUser: null });
    const problem = problemOf();
    expect(problem.code).toBe("HOME_LOCKED");
    expect(problem.message).toContain(`process ${process.pid}`);
    expect(problem.message).toContain("TESSERA_HOME");
    release();
    openDataDirectory({ home, runUser: null }).release();
    expect(readdirSync(home)).toEqual(["version.json"]);
  });

  test.each<[string, () => void]>([
    ["a process that is gone", () => writeLock(deadPid(), null)],
    ["a process whose id now belongs to another one", () => writeLock(process.pid, "an earlier boot:1")],
    [
      "nobody, because the disk was full when it was written",
      () => (mkdirSync(home), writeFileSync(join(home, "tessera.lock"), "")),
    ],
  ])("with a lock left by %s is taken over", (_title, leave) => {
    leave();
    const told: string[] = [];
    const { release } = openDataDirectory({ home, runUser: null, onProgress: (sentence) => told.push(sentence) });
    expect(told).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(home, "tessera.lock"), "utf8"))).toEqual({
      pid: process.pid,
      startMark: processStartMark(process.pid),
    });
    release();
  });

  test("a lock that another process took meanwhile is not given back in its place", () => {
    const { release } = openDataDirectory({ home, runUser: null });
    writeLock(process.ppid, null);
    release();
    expect(existsSync(join(home, "tessera.lock"))).toBe(true);
  });

  test("from a newer version is refused and left as it is", () => {
    mkdirSync(home);
    const newer = JSON.stringify({
      version: DATA_DIRECTORY_VERSION + 1,
      instanceId: "0b0f6d5e-8c9b-4c53-9c55-2d6d3f1f5e11",
    });
    writeFileSync(join(home, "version.json"), newer);
    const problem = problemOf();
    expect(problem.code).toBe("HOME_NEWER");
    expect(problem.message).toMatch(/newer Tessera .* Nothing was changed\.$/);
    expect(readFileSync(join(home, "version.json"), "utf8")).toBe(newer);
    expect(readdirSync(home)).toEqual(["version.json"]);
  });

  test("on a disk with too little space is refused before anything is written", () => {
    const problem = problemOf({ freeBytes: () => 3 * 1024 ** 2 });
    expect(problem.code).toBe("DISK_FULL");
    expect(problem.message).toContain("Only 3 MB are free");
    expect(readdirSync(home)).toEqual([]);
  });

  test("whose version file is damaged is refused with the file's name", () => {
    mkdirSync(home);
    writeFileSync(join(home, "version.json"), "{");
    expect(problemOf()).toMatchObject({ code: "HOME_DAMAGED", message: expect.stringContaining("version.json") });
    expect(existsSync(join(home, "tessera.lock"))).toBe(false);
  });

  test("that cannot be created is refused with what to do", () => {
    writeFileSync(home, "a file, not a directory");
    expect(problemOf({ home: join(home, "inside") })).toMatchObject({
      code: "HOME_PERMISSION",
      message: expect.stringContaining("TESSERA_HOME"),
    });
  });

  test("below a directory that the server's user may not enter keeps the server's files elsewhere, under its own instance", () => {
    chmodSync(parent, 0o700);
    const stranger = { uid: 1_234_567, gid: 1_234_567 };
    const rootFallback = join(parent, "fallback");
    const { postgresServerDirectory, release } = openDataDirectory({ home, runUser: stranger, rootFallback });
    const { instanceId } = z
      .object({ instanceId: z.uuid() })
      .parse(JSON.parse(readFileSync(join(home, "version.json"), "utf8")));
    expect(postgresServerDirectory).toBe(join(rootFallback, instanceId, "server"));
    release();
    chmodSync(parent, 0o755);
    const inside = openDataDirectory({ home, runUser: stranger, rootFallback });
    expect(inside.postgresServerDirectory).toBe(join(inside.home, "postgres", "server"));
    inside.release();
  });
});
