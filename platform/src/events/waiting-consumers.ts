import { z } from "zod";
import type { SqlStatement, TenantSql } from "../db/sql.ts";

/** Milliseconds between looks at the log while consumers have nothing to take. */
export const IDLE_CONSUMER_MS = 250;

/** One consumer that waits for something to take. */
export interface Waiting {
  /** Resolves when there may be something: when the log shows an entry, when looking failed, or when the consumer has left. */
  readonly done: Promise<void>;
  /** Waits no longer. */
  readonly leave: () => void;
}

/** The consumers of a process that have nothing to take: one statement for all of them tells, again and again, who has. */
export interface WaitingConsumers {
  /** Waits for entries of a consumer, by its name. */
  wait(name: string): Waiting;
}

const behindRow = z.object({ name: z.string() }).transform(({ name }) => name);
const behindStatement = (names: readonly string[]): SqlStatement => ({
  name: "log-consumers-behind-across-tenants",
  text: "SELECT name FROM log_consumers_behind_across_tenants($1)",
  params: [names],
});

/** Builds {@link WaitingConsumers}. */
const createWaitingConsumers = (sql: TenantSql): WaitingConsumers => {
  const waiting = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | null = null;
  let looking = false;

  const wake = (name: string): void => {
    for (const go of waiting.get(name) ?? []) go();
  };
  const look = async (): Promise<void> => {
    const names = [...waiting.keys()];
    // Where looking fails, each finds out for itself and says so.
    const behind = await sql.runAcrossTenants(behindStatement(names), (row) => behindRow.parse(row)).catch(() => names);
    for (const name of behind) wake(name);
  };
  const schedule = (): void => {
    if (timer !== null || looking || waiting.size === 0) return;
    timer = setTimeout(() => {
      timer = null;
      looking = true;
      void look().then(() => {
        looking = false;
        schedule();
      });
    }, IDLE_CONSUMER_MS);
  };
  const forget = (name: string, go: () => void): void => {
    const of = waiting.get(name);
    of?.delete(go);
    if (of?.size === 0) waiting.delete(name);
    if (waiting.size > 0 || timer === null) return;
    clearTimeout(timer);
    timer = null;
  };
  return {
    wait: (name) => {
      let leave = (): void => undefined;
      const done = new Promise<void>((resolve) => {
        const go = (): void => {
          forget(name, go);
          resolve();
        };
        leave = go;
        const of = waiting.get(name) ?? new Set();
        waiting.set(name, of.add(go));
      });
      schedule();
      return { done, leave };
    },
  };
};

const ofStores = new WeakMap<TenantSql, WaitingConsumers>();

/** Those who wait for entries of one store, whoever made them: the more they are, the more one look is worth. */
export const waitingConsumersOf = (sql: TenantSql): WaitingConsumers => {
  const known = ofStores.get(sql);
  if (known !== undefined) return known;
  const made = createWaitingConsumers(sql);
  ofStores.set(sql, made);
  return made;
};
