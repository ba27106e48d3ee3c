import { describe, expect, it } from "@jest/globals";
import { isCompleteLock, matchesLock, nodeProblem } from "../../scripts/ensure-installed.mjs";

const lock = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/engine-of-another-system": { version: "2.0.0", optional: true },
    "node_modules/@tessera/platform": { link: true },
    platform: { version: "0.1.0" },
  },
};
const installed = { "node_modules/a": { version: "1.0.0" }, platform: { version: "0.1.0" } };

describe("packages are installed again exactly when the lock file asks for something else", () => {
  it.each([
    ["all is there, but for optional packages of other systems", installed, true],
    ["a package too many is there", { ...installed, "node_modules/b": { version: "1.0.0" } }, true],
    ["a package is missing", { platform: { version: "0.1.0" } }, false],
    ["a package has another version", { ...installed, "node_modules/a": { version: "1.0.1" } }, false],
    [
      "an optional package has another version",
      { ...installed, "node_modules/engine-of-another-system": { version: "1.9.0" } },
      false,
    ],
  ])("%s", (_title, packages, matches) => {
    expect(matchesLock(lock, { packages })).toBe(matches);
  });
});

describe("a lock file is complete when it names every optional package", () => {
  const parent = { version: "1.0.0", optionalDependencies: { binding: "1.0.0" } };
  it.each([
    ["beside its parent", { "node_modules/a": parent, "node_modules/binding": {} }, true],
    ["inside its parent", { "node_modules/a": parent, "node_modules/a/node_modules/binding": {} }, true],
    ["inside the workspace", { "gateway/node_modules/a": parent, "gateway/node_modules/binding": {} }, true],
    ["nowhere", { "node_modules/a": parent }, false],
    ["only inside another workspace", { "node_modules/a": parent, "gateway/node_modules/binding": {} }, false],
  ])("%s", (_title, packages, complete) => {
    expect(isCompleteLock({ packages })).toBe(complete);
  });
});

describe("an old Node is refused in one sentence", () => {
  it.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("%s runs", (version) => {
    expect(nodeProblem(version)).toBeNull();
  });
  it.each(["16.20.0", "18.20.8", "20.18.3"])("%s does not", (version) => {
    expect(nodeProblem(version)).toMatch(new RegExp(`^Tessera needs Node 20.19 or newer and this is ${version}`));
  });
});
