import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { FOLDER_NEEDS, MEMORY_NEEDS, openTestFolder } from "../../scripts/test-folder.mjs";

let memory: string;
beforeEach(() => {
  memory = mkdtempSync(join(tmpdir(), "tessera-memory-"));
});
afterEach(() => rmSync(memory, { recursive: true, force: true }));

const roomy = () => ({ memory, environment: {}, room: FOLDER_NEEDS, availableBytes: MEMORY_NEEDS });

describe("the folder in which the tests of a run write", () => {
  it("lies in memory, is open to programs of other users, and is gone when the run has ended", () => {
    const folder = openTestFolder(roomy());
    expect(folder.path).toBe(join(memory, `tessera-tests-${process.pid}`));
    expect(statSync(folder.path).mode & 0o7777).toBe(0o1777);
    folder.remove();
    expect(readdirSync(memory)).toEqual([]);
  });

  it.each([
    ["too few bytes are free in it", { room: { ...FOLDER_NEEDS, bytes: FOLDER_NEEDS.bytes - 1 } }],
    ["it takes too few files", { room: { ...FOLDER_NEEDS, files: FOLDER_NEEDS.files - 1 } }],
    ["the machine has too little memory", { availableBytes: MEMORY_NEEDS - 1 }],
    ["somebody has chosen another", { environment: { TMPDIR: "/var/tmp" } }],
    ["the system has none", { memory: "/nowhere/at/all", room: { bytes: 0, files: 0 } }],
  ])("is the system's own where %s", (_why, change) => {
    const folder = openTestFolder({ ...roomy(), ...change });
    expect(folder.path).toBe(tmpdir());
    folder.remove();
    expect(existsSync(tmpdir())).toBe(true);
    expect(readdirSync(memory)).toEqual([]);
  });

  it("takes away what a killed run has left, and nothing of a run that goes on or of others", () => {
    const { pid: ended } = spawnSync(process.execPath, ["--version"]);
    const names = [`tessera-tests-${ended}`, `tessera-tests-${process.ppid}`, "tessera-tests-of-nobody", "other"];
    for (const name of names) mkdirSync(join(memory, name, "home"), { recursive: true });
    openTestFolder(roomy()).remove();
    expect(readdirSync(memory).toSorted()).toEqual(names.slice(1).toSorted());
  });
});
