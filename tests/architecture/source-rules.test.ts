import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { Rule, Sample } from "./rule.ts";
import { readRepository, repositoryOf } from "./source-files.ts";
import { ROOT } from "./text-files.ts";

const folder = join(ROOT, "tests/architecture/rules");
const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const rules: Rule[] = [];
for (const name of names) {
  // One after the other: jest's module loader links parallel dynamic imports of one graph incompletely.
  const module: unknown = await import(`./rules/${name}`);
  rules.push((module as { readonly rule: Rule }).rule); // boundary: every file of rules/ exports its rule by this name
}
const repository = readRepository();

/** The packages that samples may import from, as small as their exports maps. */
const PACKAGES: Sample = {
  "contracts/package.json": `{ "name": "@tessera/contracts", "exports": { "./*": "./src/*.ts" } }`,
  "platform/package.json": `{ "name": "@tessera/platform", "exports": { "./*": "./src/*.ts" } }`,
  "gateway/package.json": `{ "name": "@tessera/gateway", "exports": { "./gateway": "./src/gateway.ts" } }`,
  "subgraphs/ml/package.json": `{ "name": "@tessera/subgraph-ml", "exports": { "./subgraph": "./src/subgraph.ts" } }`,
};

const violationsIn = (rule: Rule, sample: Sample) =>
  rule.check(repositoryOf(Object.entries({ ...PACKAGES, ...sample }).map(([path, text]) => ({ path, text }))));

it("the rules look at real files", () => {
  expect(rules.length).toBeGreaterThanOrEqual(15);
  expect(repository.sources.map(({ path }) => path)).toContain("tests/architecture/source-files.ts");
  expect(repository.manifests.map(({ name }) => name)).toContain("@tessera/platform");
});

describe.each(rules.map((rule) => ({ title: rule.title, rule })))("$title", ({ rule }) => {
  it("holds in this repository", () => {
    const found = rule.check(repository).map(({ where, what }) => `${where}: ${what}`);
    expect(found.length === 0 ? "" : `${found.toSorted().join("\n")}\n-> ${rule.remedy}`).toBe("");
  });

  it("catches each planted violation", () => {
    expect(rule.caught.length).toBeGreaterThan(0);
    expect(rule.caught.filter((sample) => violationsIn(rule, sample).length === 0)).toEqual([]);
  });

  it("lets sound code pass", () => {
    expect(rule.allowed.length).toBeGreaterThan(0);
    expect(rule.allowed.flatMap((sample) => violationsIn(rule, sample))).toEqual([]);
  });
});
