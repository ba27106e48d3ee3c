import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Root folder of the checkout, absolute. */
export const root = resolve(import.meta.dirname, "../..");

/** Milliseconds until a process must have said what is waited for: many may start at the same time on two cores. */
const START_PATIENCE_MS = 150_000;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the product that a test started. */
export interface TesseraProcess {
  readonly pid: number;
  /** Everything it printed so far. */
  output(): string;
  /** Resolves to the match once the output has it; rejects when the process ends without, or patience does. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ending>;
  send(signal: NodeJS.Signals): void;
  /** SIGTERM, and its end. */
  stop(): Promise<Ending>;
}

/** Settings and user of a process; nothing of the test's own environment but the paths reaches it. */
export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
}

const children = new Set<{ readonly kill: () => void }>();
// A test run that ends in any way but kill -9 leaves nothing running; after kill -9 the roles notice that their parent is gone.
process.on("exit", () => {
  for (const child of children) child.kill();
});

const inherited = (): Record<string, string> =>
  Object.fromEntries(
    ["PATH", "HOME", "TMPDIR", "npm_execpath"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const start = (nodeArguments: readonly string[], { environment, user }: ProcessOptions): TesseraProcess => {
  const child = spawn(process.execPath, nodeArguments, {
    cwd: root,
    env: { ...inherited(), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("The process could not be started.");
  const kept = { kill: () => void child.kill("SIGKILL") };
  children.add(kept);
  let output = "";
  let hasEnded = false;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      tell();
    });
  const ended = new Promise<Ending>((done) => {
    child.once("close", (code, signal) => {
      children.delete(kept);
      hasEnded = true;
      done({ code, signal });
      tell();
    });
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((done, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        listeners.delete(look);
        act();
      };
      const fail = (why: string): void => finish(() => reject(new Error(`${why} ${String(pattern)}:\n${output}`)));
      const timer = setTimeout(() => fail("Never said"), START_PATIENCE_MS);
      const look = (): void => {
        const match = pattern.exec(output);
        if (match !== null) finish(() => done(match));
        else if (hasEnded) fail("Ended without saying");
      };
      listeners.add(look);
      look();
    });
  return {
    pid,
    output: () => output,
    said,
    ended,
    send: (signal) => void child.kill(signal),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
};

/** `npm start` without npm: installs and generates when needed, then runs everything on embedded engines. */
export const npmStart = (options: ProcessOptions): TesseraProcess => start([join(root, "scripts/start.mjs")], options);

/** Ends by itself when the test run is killed. */
const FOLLOW = pathToFileURL(join(root, "scripts/follow-parent.mjs")).href;

/** A program of tests that holds a whole server, from the bundle `npm run generate` made; ends by itself when the test run is killed. */
export const startHost = (name: "two-tenants-host" | "shared-instance-host", options: ProcessOptions): TesseraProcess =>
  start(["--import", FOLLOW, join(root, `tests/dist/${name}.js`)], options);

/** `tessera <role>`, from the bundle `npm run generate` made; ends by itself when the test run is killed. */
export const startRole = (role: readonly string[], options: ProcessOptions): TesseraProcess =>
  start(["--import", FOLLOW, join(root, "server/dist/cli.js"), ...role], options);
