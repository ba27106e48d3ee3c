// Everything that is derived and not committed: the Prisma client, typed resolvers and documents, the console's assets.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import { ensureInstalled, root, runScript, SetupError } from "./ensure-installed.mjs";
import { withSetupLock } from "./setup-lock.mjs";

const stamps = join(root, "node_modules/.cache/tessera");
const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "generated", ".tessera"]);

const filesUnder = (path) => {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { withFileTypes: true }).flatMap((entry) => {
    const child = `${path}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : filesUnder(child);
    return [child];
  });
};

const existing = (paths) => paths.filter((path) => existsSync(join(root, path)));
const subgraphs = () => existing(["subgraphs"]).flatMap((path) => readdirSync(join(root, path)));
const viteConfig = () => existing(["console/vite.config.ts", "console/vite.config.mjs", "console/vite.config.js"]);
const operations = (path) => filesUnder(path).filter((file) => file.endsWith(".graphql"));
const CLIENTS = {
  "rest-bridge/operations": "rest-bridge",
  "console/src/page/tabs": "console",
  "tests/operations": "tests",
};

const clientOutputs = () => {
  if (existing(["supergraph.graphql"]).length === 0) return [];
  const rooms = Object.keys(CLIENTS).filter((path) => operations(path).length > 0);
  return rooms.map((path) => (CLIENTS[path] === "tests" ? "tests/generated" : `${CLIENTS[path]}/src/generated`));
};

/** Rooms whose sources end up in the server's bundle. */
const SERVER_ROOMS = [
  "contracts/src",
  "platform/src",
  "prisma/generated",
  "gateway/src",
  "rest-bridge/src",
  "ingest/src",
  "identity/src",
  "console/src",
  "server/src",
  ...["analytics", "anomaly", "ml", "governance", "tenant"].map((name) => `subgraphs/${name}/src`),
];

/** Programs that tests start, which hold a whole server. */
const TEST_PROGRAMS = ["tests/testing/two-tenants-host.ts", "tests/testing/shared-instance-host.ts"];

/** Each step: what it reads, what it must leave behind, and the program that makes it. */
const STEPS = [
  {
    name: "prisma",
    title: "Prisma client",
    inputs: () => ["prisma.config.ts", "node_modules/prisma/package.json", ...filesUnder("prisma/schema")],
    outputs: () => ["prisma/generated/client.ts"],
    skip: () => filesUnder("prisma/schema").length === 0,
    program: ["node_modules/prisma/build/index.js", "generate"],
    // `generate` needs no schema engine but insists on an executable, which it would otherwise download.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" },
  },
  {
    name: "codegen",
    title: "typed resolvers and documents",
    inputs: () => [
      "codegen.ts",
      "node_modules/@graphql-codegen/cli/package.json",
      ...existing(["supergraph.graphql"]),
      ...subgraphs().flatMap((name) => [
        ...existing([`subgraphs/${name}/schema.graphql`, `subgraphs/${name}/src/parents.ts`]),
        ...filesUnder(`subgraphs/${name}/src/parents`),
      ]),
      ...Object.keys(CLIENTS).flatMap(operations),
    ],
    outputs: () => [
      ...subgraphs()
        .filter((name) => existing([`subgraphs/${name}/schema.graphql`]).length > 0)
        .map((name) => `subgraphs/${name}/src/generated/resolvers.ts`),
      ...clientOutputs(),
    ],
    skip: (step) => step.outputs().length === 0,
    program: ["node_modules/@graphql-codegen/cli/esm/bin.js", "--config", "codegen.ts"],
    env: {},
  },
  {
    name: "console",
    title: "console",
    inputs: () => [
      ...viteConfig(),
      ...existing(["console/index.html", "console/package.json", "node_modules/vite/package.json"]),
      ...filesUnder("console/public"),
      ...filesUnder("console/src").filter((path) => !/\.test\.tsx?$/.test(path)),
    ],
    outputs: () => ["console/dist"],
    skip: () => viteConfig().length === 0,
    program: ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"],
    folder: "console",
    env: {},
  },
  {
    name: "server",
    title: "server",
    inputs: () => [
      "scripts/build-server.mjs",
      "node_modules/esbuild/package.json",
      "node_modules/.package-lock.json",
      ...SERVER_ROOMS.flatMap((room) => filesUnder(room)).filter((path) => /(?<!\.test)\.ts$/.test(path)),
    ],
    outputs: () => ["server/dist/cli.js"],
    // Places in the bundle are absolute: a checkout that was moved is built anew.
    salt: root,
    skip: () => !existsSync(join(root, "server/src/cli.ts")),
    program: ["scripts/build-server.mjs"],
    env: {},
  },
  {
    name: "test-programs",
    title: "programs of tests",
    inputs: () => [...STEPS.find(({ name }) => name === "server").inputs(), ...TEST_PROGRAMS],
    outputs: () => ["tests/dist/two-tenants-host.js", "tests/dist/shared-instance-host.js"],
    salt: root,
    forTests: true,
    skip: () => existing(TEST_PROGRAMS).length < TEST_PROGRAMS.length,
    program: ["scripts/build-server.mjs", "tests"],
    env: {},
  },
];

const hashOf = (step) => {
  const hash = createHash("sha256").update(step.salt ?? "");
  for (const path of step.inputs().toSorted((a, b) => (a < b ? -1 : 1)))
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(root, path)))
      .update("\0");
  return hash.digest("hex");
};

const isCurrent = (step) => {
  if (step.skip(step)) return true;
  const stamp = join(stamps, step.name);
  if (existing(step.outputs()).length < step.outputs().length || !existsSync(stamp)) return false;
  return readFileSync(stamp, "utf8") === hashOf(step);
};

const run = (step) => {
  const startMs = Date.now();
  process.stderr.write(`Generating ${step.title}... `);
  const stamp = join(stamps, step.name);
  rmSync(stamp, { force: true });
  const hash = hashOf(step);
  const [script, ...args] = step.program;
  const result = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: join(root, step.folder ?? "."),
    env: { ...process.env, ...step.env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (result.status !== 0) {
    throw new SetupError(
      `failed.\n${result.stdout}${result.stderr}\nThe step "${step.name}" of npm run generate failed; its own words are above.`,
    );
  }
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, hash);
  console.error(`${((Date.now() - startMs) / 1000).toFixed(1)} s`);
};

/** Brings derived files up to date; each step runs only when what it reads has changed or what it writes is missing. */
export const generate = async ({ force = false, forTests = false } = {}) => {
  const steps = STEPS.filter((step) => forTests || step.forTests !== true);
  if (!force && steps.every(isCurrent)) return;
  await withSetupLock(root, () => {
    for (const step of steps) if (!step.skip(step) && (force || !isCurrent(step))) run(step);
  });
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(async () => {
    await ensureInstalled();
    await generate({ force: process.argv.includes("--force"), forTests: true });
  });
}
