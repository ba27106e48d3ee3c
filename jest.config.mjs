// Three costs of test, told by suffix: *.test.ts is pure, *.db.test.ts needs the embedded engines, *.spec.ts runs the whole graph.
const swc = [
  "@swc/jest",
  { jsc: { parser: { syntax: "typescript", dynamicImport: true }, target: "es2022" }, module: { type: "es6" } },
];
/** Milliseconds a test may take unless it says otherwise: generous, since a busy machine is no failure. */
const testTimeout = 30_000;
const common = {
  testTimeout,
  rootDir: import.meta.dirname,
  // What is compiled stays with the checkout: the folder for temporary files is gone after a run.
  cacheDirectory: "<rootDir>/node_modules/.cache/jest",
  testEnvironment: "node",
  // Packages are loaded once by a worker, not anew by each file.
  runtime: "<rootDir>/scripts/one-realm-runtime.cjs",
  extensionsToTreatAsEsm: [".ts"],
  transform: { "^.+\\.ts$": swc },
  testPathIgnorePatterns: ["/node_modules/", "/dist/", "/.tessera/"],
  modulePathIgnorePatterns: ["<rootDir>/.tessera/", "<rootDir>/console/dist/"],
};
const engines = {
  globalSetup: "<rootDir>/platform/src/testing/engines-setup.ts",
  globalTeardown: "<rootDir>/platform/src/testing/engines-teardown.ts",
};
const shared = {
  globalSetup: "<rootDir>/tests/testing/shared-instance-setup.ts",
  globalTeardown: "<rootDir>/tests/testing/shared-instance-teardown.ts",
};
export default {
  // Twice the cores of a small machine: half of a test's time is waiting, for what engines do one thing after another and for time to pass.
  maxWorkers: 4,
  testSequencer: "<rootDir>/scripts/longest-first.mjs",
  testTimeout,
  projects: [
    {
      ...common,
      displayName: "unit",
      testMatch: ["<rootDir>/**/*.test.ts"],
      testPathIgnorePatterns: [...common.testPathIgnorePatterns, "\\.db\\.test\\.ts$"],
    },
    { ...common, ...engines, displayName: "db", testMatch: ["<rootDir>/**/*.db.test.ts"] },
    { ...common, ...shared, displayName: "graph", testMatch: ["<rootDir>/tests/**/*.spec.ts"] },
  ],
};
