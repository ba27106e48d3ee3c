import type { CallContext } from "../connections/connection.ts";
import type { FederationExecutor } from "./federation-executor.ts";
import {
  executeOperation,
  planOperation,
  planSubscription,
  readGeneration,
  type PlanExecutorOptions,
} from "./generation.ts";

/**
 * Answers federated operations from cached plans and compiled projections: what an operation's text settles is worked out
 * once, and a request only fetches, merges and shapes. Connections stay with whoever made them: `stop` closes none.
 */
export const createPlanExecutor = <C extends CallContext>(options: PlanExecutorOptions<C>): FederationExecutor<C> => {
  let current = readGeneration(options);
  const listeners = new Set<Parameters<FederationExecutor<C>["onUpdate"]>[0]>();
  const tell = (listener: Parameters<FederationExecutor<C>["onUpdate"]>[0]) =>
    listener({ apiSchema: current.view.apiSchema, supergraphSdl: current.view.sdl });
  return {
    apiSchema: () => current.view.apiSchema,
    supergraphSdl: () => current.view.sdl,
    execute: (request) => executeOperation(current, request),
    plan: (request) => planOperation(current, request),
    planSubscription: (request) => planSubscription(current, request),
    update(supergraphSdl, connections = current.connections) {
      return new Promise((resolve) => {
        current = readGeneration({ ...options, supergraphSdl, connections });
        for (const listener of listeners) tell(listener);
        resolve();
      });
    },
    onUpdate(listener) {
      listeners.add(listener);
      tell(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => Promise.resolve(),
  };
};
