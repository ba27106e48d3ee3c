/** How a process ends at one of its awaits: it dies, or stands still until it is let go on. */
export interface Crash {
  /** The await, counted from one over all ports. */
  readonly at: number;
  /** BEFORE: what was asked for is not done. AFTER: it is done, and its end is not heard of. */
  readonly when: "BEFORE" | "AFTER";
  readonly kind: "DIES" | "STANDS_STILL";
}

/** Ports of a process that ends at one of its awaits. */
export interface Crashing {
  /** The same port, whose every call is an await of the process. */
  wrap<Port extends (...args: never[]) => Promise<unknown>>(name: string, port: Port): Port;
  /** The call at which it ended, and when; null as long as it goes on. */
  endedAt(): { readonly name: string; readonly when: Crash["when"] } | null;
  /** Resolves once it has ended; never for one that goes on. */
  readonly ended: Promise<void>;
  /** Calls that hang because it stands still, by their ports; those of what is not done yet. */
  undone(): readonly string[];
  /** Lets one that stands still go on. */
  goOn(): void;
}

/** Builds {@link Crashing}; without a crash the ports are what they are. What a dead process asks for is never done, and fails. */
export const createCrashing = (crash: Crash | null): Crashing => {
  let [awaits, dead]: [number, boolean] = [0, false];
  const undone: string[] = [];
  let endedAt: ReturnType<Crashing["endedAt"]> = null;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  let goOn = (): void => undefined;
  const going = new Promise<void>((resolve) => (goOn = resolve));
  /** Whatever else it does stands still as well until it goes on. */
  const pass = async (): Promise<void> => {
    if (dead) throw new Error("The process died.");
    if (endedAt !== null) await going;
  };
  const meet = async (name: string, count: number, when: Crash["when"]): Promise<void> => {
    if (crash !== null && crash.at === count && crash.when === when) {
      endedAt = { name, when };
      dead = crash.kind === "DIES";
      end();
    }
    if (endedAt !== null && !dead && when === "BEFORE") undone.push(name);
    await pass();
  };
  const wrap = <Port extends (...args: never[]) => Promise<unknown>>(name: string, port: Port): Port => {
    const wrapped = async (...args: Parameters<Port>): Promise<unknown> => {
      awaits += 1;
      const count = awaits;
      await meet(name, count, "BEFORE");
      const done = await port(...args);
      await meet(name, count, "AFTER");
      return done;
    };
    // boundary: it takes and gives what the port does
    return wrapped as unknown as Port;
  };
  return { wrap, endedAt: () => endedAt, ended, undone: () => undone, goOn: () => goOn() };
};
