import { expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearStalePostmasterFile, findRunningPostmaster, parsePostmasterFile } from "./postmaster.ts";

const file = (pid: number, status: string): string =>
  [pid, "/data", 1795219200, 5432, "", "127.0.0.1", "  123  456", status].join("\n");

test.each([
  ["a server that accepts connections", file(7, "ready   "), { pid: 7, port: 5432, ready: true }],
  ["a server that still recovers", file(7, "starting"), { pid: 7, port: 5432, ready: false }],
  ["a file that is only begun", "7\n/data\n", null],
  ["an empty file", "", null],
  ["a standalone backend, which has a negative id", file(-7, "ready"), null],
])("postmaster.pid of %s is understood", (_title, text, expected) => {
  expect(parsePostmasterFile(text)).toEqual(expected);
});

test("a process that merely has the recorded id is not taken for the server, and its file is removed", () => {
  const directory = mkdtempSync(join(tmpdir(), "tessera-postmaster-"));
  try {
    writeFileSync(join(directory, "postmaster.pid"), file(process.pid, "ready"));
    expect(findRunningPostmaster(directory)).toBeNull();
    clearStalePostmasterFile(directory);
    expect(existsSync(join(directory, "postmaster.pid"))).toBe(false);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
