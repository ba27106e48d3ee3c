import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "@jest/globals";
import { freePort, portsBy } from "./free-port.ts";

const folder = mkdtempSync(join(tmpdir(), "ports-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("gives none of the ports that the product picks for itself", async () => {
  expect(await freePort()).toBeLessThan(15_000);
});

it("gives every port once, and those of a worker that has ended anew", async () => {
  const take = portsBy(folder, { from: 10_000, to: 10_020 });
  const given = await Promise.all(Array.from({ length: 6 }, take));
  expect(new Set(given).size).toBe(6);
  await expect(Promise.all(Array.from({ length: 20 }, take))).rejects.toThrow("There is no free port");
  const { pid } = spawnSync(process.execPath, ["--version"]);
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), String(pid));
  expect(await take()).toBeLessThan(10_020);
});
