import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("Rules watch the questions of the analytics room as its SDL has them now", () => {
  const check = (): string =>
    execFileSync(process.execPath, ["scripts/watched-inputs.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect(check()).toBe("");
});
