import {
  OperationTypeNode,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Caller } from "@tessera/contracts/caller";
import type { Allowance } from "@tessera/platform/executions/allowance";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import { maySeeSchema, checkIntrospection } from "../plugins/introspection.ts";
import { checkVariableDepth } from "../plugins/variable-depth.ts";
import type { PersistedOperations } from "../plugins/persisted-operations.ts";
import type { StoreEstimates } from "../plugins/measured-cost.ts";
import type { RateLimit, RateState, Settle } from "../plugins/rate-limit.ts";
import {
  createCheckedDocuments,
  type CheckedDocument,
  type CheckedOperation,
  type DocumentLimits,
} from "./checked-documents.ts";
import type { GraphqlRequest, RawVariables, Transport } from "./graphql-request.ts";
import { asGraphQLError, overLimit } from "./limit-refusal.ts";

/** Points a document costs that may not run: reading and validating it was work too. */
const INVALID_DOCUMENT_COST = 10;

/** An operation that may run. */
export interface Admitted {
  readonly kind: "admitted";
  readonly text: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | undefined;
  readonly variables: RawVariables;
  readonly cost: number;
  /** True when the client asked for the cost in the answer's extensions. */
  readonly reportsCost: boolean;
  readonly rate: RateState | null;
  /** Counts, when the operation has ended, what it cost in place of what was taken for it; null when nothing was. */
  readonly settle: Settle | null;
  /** What it may read of the event store; null when no bound is near. */
  readonly allowance: Allowance | null;
  /** Which supergraph it was checked against; counts up with every reload. */
  readonly generation: number;
}

/** An operation that may not run; the first error's code gives the HTTP status. */
export interface Refused {
  readonly kind: "refused";
  readonly errors: readonly GraphQLError[];
  readonly rate: RateState | null;
}

/** Told of what admission sees, for metrics and the log. */
export interface AdmissionObserver {
  readonly onDocument: (known: boolean) => void;
  /** A document that no manifest has ran; told each time. */
  readonly onStranger: (transport: Transport, text: string) => void;
}

/** Who asks, and by which way. */
export interface Origin {
  readonly caller: Caller;
  readonly transport: Transport;
  /** Network address the request came from; null when the platform itself asks. */
  readonly clientAddress: string | null;
}

/** The one gate every operation passes before anything is planned or fetched, whatever transport it came by. It answers at once where it can. */
export interface Admission {
  readonly admit: (request: GraphqlRequest, origin: Origin) => Admitted | Refused | Promise<Admitted | Refused>;
  /** Checks documents against another supergraph from now on; what was remembered of the old one is dropped. */
  readonly useSchema: (schema: GraphQLSchema, supergraphSdl: string) => void;
}

/** What is known already is used at once, so that an operation waits for nothing it need not wait for. */
const whenKnown = <T, R>(value: T | Promise<T>, use: (known: T) => R): R | Promise<R> =>
  value instanceof Promise ? value.then(use) : use(value);

const refusedBy = (refusal: Refusal, rate: RateState | null = null): Refused => ({
  kind: "refused",
  errors: [asGraphQLError(refusal)],
  rate,
});

const choose = (operations: readonly CheckedOperation[], name: string | undefined): CheckedOperation | Refusal => {
  const [only, ...others] = operations;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  if (name === undefined) {
    return refuse("BAD_INPUT", "The document has several operations; name one of them.", { field: "operationName" });
  }
  const named = operations.find(({ definition }) => definition.name?.value === name);
  return named ?? refuse("BAD_INPUT", `The document has no operation named "${name}".`, { field: "operationName" });
};

const refusedDocument = (checked: Exclude<CheckedDocument, { kind: "valid" }>, caller: Caller): Refused => {
  if (checked.kind === "over") return refusedBy(checked.refusal);
  if (checked.kind === "syntax") {
    return refusedBy(refuse("GRAPHQL_PARSE_FAILED", checked.error.message, placeOf(checked.error)));
  }
  return { kind: "refused", errors: checked.errors(maySeeSchema(caller)).map(asValidationError), rate: null };
};

const placeOf = (error: GraphQLError) => {
  const [place] = error.locations ?? [];
  return place === undefined ? {} : { line: place.line, column: place.column };
};

const asValidationError = (error: GraphQLError): GraphQLError => {
  error.extensions["code"] = "GRAPHQL_VALIDATION_FAILED";
  return error;
};

/** What the gate is made of. */
export interface AdmissionDeps {
  readonly schema: GraphQLSchema;
  readonly supergraphSdl: string;
  readonly limits: DocumentLimits;
  readonly maxCost: number;
  readonly persisted: PersistedOperations;
  readonly rateLimit: RateLimit;
  /** What operations are likely to cost the event store; absent: their own points alone. */
  readonly estimates?: StoreEstimates | undefined;
  readonly observer: AdmissionObserver;
}

const admitChecked = (
  deps: Pick<AdmissionDeps, "maxCost" | "rateLimit" | "estimates">,
  generation: number,
  checked: Extract<CheckedDocument, { kind: "valid" }>,
  request: GraphqlRequest,
  origin: Origin,
): Admitted | Refused | Promise<Admitted | Refused> => {
  const { caller, transport } = origin;
  const variables = request.variables ?? {};
  const refusal =
    checkIntrospection(checked.shape, caller) ?? checkVariableDepth(variables) ?? checked.checkPages(variables);
  if (refusal !== null) return refusedBy(refusal);
  const chosen = choose(checked.operations, request.operationName);
  if (!("definition" in chosen)) return refusedBy(chosen);
  if (chosen.definition.operation === OperationTypeNode.SUBSCRIPTION && transport !== "websocket") {
    const detail = "Subscriptions are served over WebSocket (graphql-transport-ws) at this same address.";
    return refusedBy(refuse("BAD_INPUT", detail, { field: "query" }));
  }
  const cost = chosen.price(variables);
  if (cost > deps.maxCost) {
    return refusedBy(overLimit("QUERY_TOO_COSTLY", "Points the operation costs", deps.maxCost, cost));
  }
  const estimate = deps.estimates?.of(checked.document, caller.tenantId);
  const spending = { cost, requests: Math.max(1, checked.shape.rootFields), estimate };
  return whenKnown(deps.rateLimit.charge(caller, spending, origin.clientAddress), (charged) => {
    const { refusal: over, state: rate, settle, allowance } = charged;
    if (over !== null) return refusedBy(over, rate);
    return {
      kind: "admitted",
      text: checked.text,
      document: checked.document,
      operation: chosen.definition,
      operationName: request.operationName,
      variables,
      cost,
      reportsCost: request.extensions?.["cost"] === true,
      rate,
      settle,
      allowance,
      generation,
    };
  });
};

/** Makes the gate. The order matters: cheap and certain refusals first, the caller's budget is charged last. */
export const createAdmission = (deps: AdmissionDeps): Admission => {
  const { limits, persisted, rateLimit, observer } = deps;
  let generation = 0;
  let documents = createCheckedDocuments(deps.schema, deps.supergraphSdl, limits);

  return {
    admit: (request, origin) => {
      const { caller, transport, clientAddress } = origin;
      const resolved = persisted.resolve(request, transport, caller.tenantId);
      if (resolved.kind === "refused") return refusedBy(resolved.refusal);
      if (resolved.stranger) observer.onStranger(transport, resolved.text);
      const { checked, known } = documents.check(resolved.text);
      observer.onDocument(known);
      if (checked.kind !== "valid") {
        const spending = { cost: INVALID_DOCUMENT_COST, requests: 1 };
        return whenKnown(rateLimit.charge(caller, spending, clientAddress), ({ refusal, state }) =>
          refusal === null ? refusedDocument(checked, caller) : refusedBy(refusal, state),
        );
      }
      persisted.remember(request, caller.tenantId);
      return admitChecked(deps, generation, checked, request, origin);
    },
    useSchema: (schema, supergraphSdl) => {
      documents = createCheckedDocuments(schema, supergraphSdl, limits);
      generation += 1;
    },
  };
};
