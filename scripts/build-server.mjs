// Bundles sources of this checkout, so that a start compiles nothing: it saves several seconds of processor time. Makes server/dist, one
// file per role and one per program of a thread; with `tests` as its argument tests/dist, the programs that tests start, with `bench` bench/dist, what benches measure. Packages stay outside and are
// loaded from where each room finds them; places in sources stay those of the sources.
import { readFile, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const OURS = "@tessera/";
const RESOLVING = "resolving";

const outside = {
  name: "packages stay outside",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === RESOLVING || kind === "entry-point" || path.startsWith(OURS)) return undefined;
      if (isBuiltin(path)) return { path, external: true };
      // Two rooms may use two versions of a package, so each is named by its file.
      const found = await resolve(path, { kind, importer, resolveDir, pluginData: RESOLVING });
      return { path: found.path, external: true, errors: found.errors };
    });
  },
};

const places = {
  name: "places in sources",
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      // But programs of threads are bundled beside what starts them, all in one folder.
      const contents = source
        .replaceAll(
          /new URL\("[^"]*\/([\w-]+-thread)\.ts", import\.meta\.url\)/g,
          'new URL("./$1.js", import.meta["url"])',
        )
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)));
      return { contents, loader: "ts" };
    });
  },
};

const THREADS = { "counting-thread": join(root, "subgraphs/analytics/src/threads/counting-thread.ts") };

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
  sourcemap: "linked",
  logLevel: "error",
  plugins: [outside, places],
});
