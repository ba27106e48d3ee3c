import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { z } from "zod";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import { partMsOf, WINDOW_PARTS, type BudgetCharge, type BudgetStore, type ChargeOutcome } from "./budget.ts";

/** Milliseconds one command may take; a request must not wait for a limiter longer than for its work. */
const COMMAND_TIMEOUT_MS = 500;
/** Milliseconds to reach the server. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Prefix of the keys; the braces keep all of them on one cluster slot, since a charge looks at several at once. */
const PREFIX = "{tessera-limits}:";

const script = (name: string): string => readFileSync(new URL(`./${name}.lua`, import.meta.url), "utf8");

/** A budget store in Redis, shared by every process that uses the same server. */
export interface RedisBudgetStore extends BudgetStore {
  charge(charges: readonly BudgetCharge[]): Promise<ChargeOutcome>;
  /** Throws when the server does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const numbers = z.array(z.coerce.number());

const outcomeOf = (charges: readonly BudgetCharge[], answer: unknown): ChargeOutcome => {
  const [charged, ...told] = numbers.parse(answer);
  const states = charges.map(({ limit }, place) => {
    const [spent, resetMs, fitsInMs] = told.slice(place * 3, place * 3 + 3);
    if (spent === undefined || resetMs === undefined || fitsInMs === undefined)
      throw new Error("Redis answered fewer figures than budgets were asked about.");
    return { remaining: Math.max(0, limit - spent), resetMs, fitsInMs: fitsInMs < 0 ? null : fitsInMs };
  });
  return { charged: charged === 1, states };
};

const keyOf = ({ key, windowSeconds }: Pick<BudgetCharge, "key" | "windowSeconds">): string =>
  `${PREFIX}${windowSeconds}:${key}`;

/** Opens a budget store over Redis. Nothing is connected before the first use; what can't be asked in time is rejected. */
export const createRedisBudgetStore = (deps: { readonly url: string; readonly logger: Logger }): RedisBudgetStore => {
  const redis = new Redis(deps.url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
    scripts: {
      chargeBudgets: { lua: script("charge") },
      adjustBudgets: { lua: script("adjust") },
    },
  });
  redis.on("error", (error: Error) =>
    deps.logger.warn({ error: errorMessage(error) }, "The limiter's connection to Redis has trouble."),
  );
  const call = (name: "chargeBudgets" | "adjustBudgets", keys: readonly string[], given: readonly number[]) => {
    const command: unknown = Reflect.get(redis, name);
    if (typeof command !== "function") throw new Error(`The Redis client did not define ${name}.`);
    return Promise.resolve<unknown>(Reflect.apply(command, redis, [keys.length, ...keys, WINDOW_PARTS, ...given]));
  };
  return {
    charge: async (charges) => {
      const given = charges.flatMap(({ amount, limit, windowSeconds }) => [amount, limit, partMsOf(windowSeconds)]);
      return outcomeOf(charges, await call("chargeBudgets", charges.map(keyOf), given));
    },
    adjust: async (adjustments) => {
      if (adjustments.length === 0) return;
      const given = adjustments.flatMap(({ amount, windowSeconds }) => [amount, partMsOf(windowSeconds)]);
      await call("adjustBudgets", adjustments.map(keyOf), given);
    },
    ping: async () => void (await redis.ping()),
    close: async () => redis.disconnect(),
  };
};
