import type { GatewayInterface } from "@apollo/server-gateway-interface";
import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from "graphql";
import type { CallContext } from "../connections/connection.ts";
import type { OperationPlan } from "./plan.ts";
import type { Connections } from "./run-plan.ts";

/** An operation to answer; its document has to be valid against the API schema. */
export type OperationRequest = {
  readonly document: DocumentNode;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** True when the answer is wanted as JSON: its data may then be a WrittenData. */
  readonly asText?: boolean | undefined;
};

/** What to subscribe to, and what turns each of its events into the client's answer. */
export type SubscriptionPlan<C extends CallContext> = {
  readonly kind: "subscription";
  /** Equal for clients whose subscriptions may share one upstream, as far as the subgraph can tell. */
  readonly primary: {
    readonly service: string;
    readonly query: string;
    readonly operationName: string | undefined;
    readonly variables: Readonly<Record<string, unknown>>;
  };
  /** Runs the rest of the plan on one event; the event itself is left as it was, so that many clients may share it. */
  readonly runEvent: (event: ExecutionResult, call: C) => Promise<ExecutionResult>;
};

/** Why an operation cannot be planned: the answer to give instead. */
export type PlanRefusal = { readonly kind: "refused"; readonly errors: readonly GraphQLError[] };

/** An operation's plan, for explaining and pricing. */
export type PlanAnswer = { readonly kind: "plan"; readonly plan: OperationPlan } | PlanRefusal;

/** A federated graph behind one door; two implementations serve it: the plan executor and stock @apollo/gateway. */
export interface FederationExecutor<C extends CallContext> {
  /** The schema clients see, of the supergraph that serves now. */
  readonly apiSchema: () => GraphQLSchema;
  readonly supergraphSdl: () => string;
  /** Answers a query or mutation; rejects only with CallCancelled. */
  readonly execute: (request: OperationRequest & { readonly call: C }) => Promise<ExecutionResult>;
  readonly plan: (request: OperationRequest) => PlanAnswer;
  readonly planSubscription: (request: OperationRequest) => SubscriptionPlan<C> | PlanRefusal;
  /** Swaps the supergraph (and the connections, when given); requests under way finish on the old one. Rejects on bad SDL, and the old one serves on. */
  readonly update: (supergraphSdl: string, connections?: Connections<C>) => Promise<void>;
  /** Told of the schema that serves now and of each later one; returns the way to stop listening. */
  readonly onUpdate: (listener: (schema: { apiSchema: GraphQLSchema; supergraphSdl: string }) => void) => () => void;
  readonly stop: () => Promise<void>;
}

/** The `gateway` option of Apollo Server 5 over an executor; `toCall` reads the call out of Apollo's context value. */
export const asApolloGateway = <C extends CallContext>(
  executor: FederationExecutor<C>,
  toCall: (contextValue: Record<string, unknown>) => C,
): GatewayInterface => ({
  onSchemaLoadOrUpdate: (callback) =>
    executor.onUpdate(({ apiSchema, supergraphSdl }) => callback({ apiSchema, coreSupergraphSdl: supergraphSdl })),
  load: () =>
    Promise.resolve({
      executor: ({ document, operationName, request, context }) =>
        executor.execute({
          document,
          operationName: operationName ?? undefined,
          variables: request.variables,
          call: toCall(context),
        }),
    }),
  stop: () => executor.stop(),
});
