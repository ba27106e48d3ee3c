// Jest's runtime, except that all test files of a worker run in the realm of its process: packages and node's own modules are loaded once by a worker, as
// node loads them for the product, and not anew by every file in a realm of its own, whose `Error` and `Array` are others than those of node. Modules of
// this repository are loaded anew for each file, so that none sees what another has left in them; a file that leaves something in the process fails.
const { dirname, resolve, sep } = require("node:path");
const { isBuiltin } = require("node:module");
const { fileURLToPath, pathToFileURL } = require("node:url");
const { readFileSync, statSync } = require("node:fs");
const { SourceTextModule, SyntheticModule } = require("node:vm");
const { ModernFakeTimers } = require("@jest/fake-timers");
const { default: Runtime } = require("jest-runtime");
const { leftBehind, listenersOf, processState } = require("./process-state.cjs");

const PACKAGES = `${sep}node_modules${sep}`;
/** What collects and runs the tests of a file. */
const FRAMEWORK = `${PACKAGES}jest-circus${sep}`;
const TEST_TIMEOUT = Symbol.for("TEST_TIMEOUT_SYMBOL");
/** What the transformer is told about where its output runs. */
const ES_MODULES = {
  isInternalModule: false,
  supportsDynamicImport: true,
  supportsExportNamespaceFrom: true,
  supportsStaticESM: true,
  supportsTopLevelAwait: true,
};

/** A module of given exports that is ready to be imported. */
const moduleOf = async (identifier, exported) => {
  const names = Object.keys(exported);
  const module = new SyntheticModule(
    names,
    () => {
      for (const name of names) module.setExport(name, exported[name]);
    },
    { identifier },
  );
  await module.link(() => undefined);
  await module.evaluate();
  return module;
};

/** Packages and node's modules by their address, as this worker has loaded them. */
const native = new Map();
const nativeModule = (address) => {
  const known = native.get(address) ?? import(address).then((exported) => moduleOf(address, exported));
  native.set(address, known);
  return known;
};

/** Files as they run, with when they were written and what maps them back. */
const sources = new Map();

/** Files of packages and rooms by the folder that names them and the name: these do not change while a worker runs. */
const places = new Map();

module.exports = class OneRealmRuntime extends Runtime {
  #modules = new Map();
  #evaluated = new WeakMap();
  #listeners = listenersOf();
  #before = null;
  #timers = null;

  constructor(config, environment, ...rest) {
    super(config, environment, ...rest);
    // Timers are made to stand still where the tests are, and only in files that ask for it.
    Object.defineProperty(environment, "fakeTimersModern", {
      configurable: true,
      get: () => (this.#timers ??= new ModernFakeTimers({ config, global: globalThis })),
    });
  }

  /** Imports a test file, or what is imported for it. */
  async unstable_importModule(from, name) {
    return this.#ready(await this.#find(name ?? from, from));
  }

  /** Jest's own modules are those of the process too; what collects the tests of one file is made anew for the next. */
  requireInternalModule(from, to) {
    if (to !== undefined || !from.includes(FRAMEWORK)) return super.requireInternalModule(from, to);
    delete require.cache[from];
    return require(from);
  }

  teardown() {
    super.teardown();
    this.#modules.clear();
    Object.defineProperty(this._environment, "fakeTimersModern", { value: this.#timers, writable: true });
    const left = this.#before === null ? [] : leftBehind(this.#before);
    this.#before = null;
    if (left.length > 0)
      throw new Error(`Other test files run in this process, and this one leaves behind: ${left.join(", ")}.`);
  }

  #placeOf(specifier, from) {
    if (specifier.startsWith("file:")) return fileURLToPath(specifier);
    if (/^\.{0,2}\//.test(specifier)) return resolve(dirname(from), specifier);
    const key = `${dirname(from)}\0${specifier}`;
    const place = places.get(key) ?? this._resolution.resolveEsm(from, specifier);
    places.set(key, place);
    return place;
  }

  async #find(specifier, from) {
    if (specifier === "@jest/globals") return this.#globals(from);
    if (isBuiltin(specifier) || specifier.startsWith("data:")) return nativeModule(specifier);
    const place = this.#placeOf(specifier, from);
    if (place.includes(PACKAGES) || place.endsWith(".cjs")) return nativeModule(pathToFileURL(place).href);
    const known = this.#modules.get(place) ?? this.#load(place);
    this.#modules.set(place, known);
    return known;
  }

  #globals(from) {
    const key = `@jest/globals\0${from}`;
    const globals = this.jestGlobals.cjsGlobals(from);
    // What runs the tests looks for their timeout among the globals of its own realm.
    globals.jest.setTimeout = (timeoutMs) => {
      globalThis[TEST_TIMEOUT] = timeoutMs;
      return globals.jest;
    };
    const known = this.#modules.get(key) ?? moduleOf("@jest/globals", globals);
    this.#modules.set(key, known);
    return known;
  }

  #load(place) {
    if (place.endsWith(".json")) return moduleOf(place, { default: JSON.parse(readFileSync(place, "utf8")) });
    const { href } = pathToFileURL(place);
    return new SourceTextModule(this.#sourceOf(place), {
      identifier: place,
      initializeImportMeta: (meta) => {
        Object.assign(meta, { url: href, filename: place, dirname: dirname(place) });
        meta.resolve = (specifier) => pathToFileURL(this.#placeOf(specifier, place)).href;
      },
      importModuleDynamically: async (specifier) => this.#ready(await this.#find(specifier, place)),
    });
  }

  /** The source of a file as it runs. */
  #sourceOf(place) {
    const { mtimeMs } = statSync(place);
    const maps = this.transformCache.getSourceMaps();
    let known = sources.get(place);
    if (known?.mtimeMs !== mtimeMs) {
      const code = this.transformCache.transform(place, ES_MODULES);
      known = { mtimeMs, code, map: maps.get(place) };
      sources.set(place, known);
    }
    if (known.map !== undefined) maps.set(place, known.map);
    return known.code;
  }

  /** The module, linked and evaluated. */
  async #ready(module) {
    if (module.status === "unlinked")
      await module.link((specifier, referencing) => this.#find(specifier, referencing.identifier));
    // What packages do to the process when they are loaded stays.
    this.#before ??= processState(this.#listeners);
    // Another import is linking it with what imports it.
    while (module.status === "linking") await new Promise((done) => setImmediate(done));
    if (module.status === "linked") this.#evaluated.set(module, module.evaluate());
    await this.#evaluated.get(module);
    if (module.status === "errored") throw module.error;
    return module;
  }
};
