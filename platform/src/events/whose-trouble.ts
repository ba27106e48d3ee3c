import type { SqlTransaction } from "../db/sql.ts";
import { Refusal, refuse } from "../errors/refusal.ts";
import { runProbe, type Probe } from "../http/health.ts";

/** Tries in a row in which a tenant's entries fail before it stands apart: passing trouble is over by then. */
const TRIES = 5;
/** The same where the error says that what is needed is away or busy, though it answers: such trouble is more likely everybody's. */
const PASSING_TRIES = 60;

/** What says that something else than the entries is at fault. */
const PASSING: readonly string[] = ["DEPENDENCY_UNAVAILABLE", "OVERLOADED"];

const alive = { name: "log-consumer-alive", text: "SELECT 1", params: [] };

/** Whether an error is of a dependency, by its own words. */
export const isPassing = (error: unknown): boolean => error instanceof Refusal && PASSING.includes(error.code);

/** Failures in a row after which an error is held against the tenant whose entries it met. */
export const triesBefore = (error: unknown): number => (isPassing(error) ? PASSING_TRIES : TRIES);

/** Makes sure that what the effects of entries need is there, when some could not be taken; throws what everybody is to wait for when it isn't. */
export const requireDependencies = async (transaction: SqlTransaction, probes: readonly Probe[]): Promise<void> => {
  await transaction.run(alive, () => null);
  for (const { name, ready, reason } of await Promise.all(probes.map(runProbe)))
    if (!ready) throw refuse("DEPENDENCY_UNAVAILABLE", `The ${name} does not answer: ${reason ?? "no reason given"}.`);
};
