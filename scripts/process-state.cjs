// What test files of one process could leave to each other in it, beside the modules they load.

/** Events of a process whose listeners decide how it ends. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "uncaughtException", "unhandledRejection"];
/** Objects that everything in a process shares. */
const SHARED = { globalThis, "Object.prototype": Object.prototype, "Array.prototype": Array.prototype };

// Node makes what its own `fetch` connects with at its first call.
fetch("data:,").catch(() => undefined);

/** Globals that each file makes anew and that go with it: jest's tests and their timeout, and where the generated client of Prisma is. */
const OF_ONE_FILE = new Set(["JEST_STATE_SYMBOL", "EVENT_HANDLERS", "TEST_TIMEOUT_SYMBOL", "__dirname"]);
/** What jest's transformer puts into the process when it first writes what it compiled to its cache, during whatever file that is. */
const OF_JEST = Symbol.for("signal-exit emitter");
const isOfOneFile = (key) => OF_ONE_FILE.has(typeof key === "symbol" ? key.description : key);

const valuesOf = (object) =>
  new Map(
    Reflect.ownKeys(object)
      .filter((key) => key !== OF_JEST && !isOfOneFile(key))
      .map((key) => {
        const { value, get } = Object.getOwnPropertyDescriptor(object, key) ?? {};
        // Node makes most of its globals when they are first asked for.
        return [key, get === undefined ? value : object[key]];
      }),
  );

/** Who listens when the process ends; jest takes them off while the tests of a file run. */
const listenersOf = () => new Map(ENDING.map((event) => [event, process.listeners(event)]));

/** A picture of the process to compare a later one with; `listeners` have been there before. */
const processState = (listeners) => ({
  environment: { ...process.env },
  folder: process.cwd(),
  listeners: new Map([...listenersOf()].map(([event, now]) => [event, [...now, ...(listeners.get(event) ?? [])]])),
  shared: new Map(Object.entries(SHARED).map(([name, object]) => [name, valuesOf(object)])),
});

const changesOf = (name, before, after) =>
  [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => !Object.is(before.get(key), after.get(key)))
    .map((key) => `${name}.${String(key)}`);

/** Puts back what can be put back since a picture was taken; names what should not have changed. */
const leftBehind = ({ environment, folder, listeners, shared }) => {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(environment, name)) delete process.env[name];
  Object.assign(process.env, environment);
  for (const key of Reflect.ownKeys(globalThis).filter(isOfOneFile)) delete globalThis[key];
  const left = process.cwd() === folder ? [] : ["another working directory"];
  process.chdir(folder);
  for (const [event, known] of listeners)
    for (const listener of process.listeners(event).filter((each) => !known.includes(each))) {
      process.off(event, listener);
      left.push(`a listener of ${event}`);
    }
  for (const [name, object] of Object.entries(SHARED))
    left.push(...changesOf(name, shared.get(name), valuesOf(object)));
  return left;
};

module.exports = { leftBehind, listenersOf, processState };
