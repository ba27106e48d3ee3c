import { compileQuery, isCompiledQuery } from "graphql-jit";
import {
  execute,
  GraphQLError,
  parse,
  subscribe,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
} from "graphql";
import { LRUCache } from "lru-cache";
import { isErrorCode } from "@tessera/platform/errors/error-codes";
import { metered, type Meter } from "@tessera/platform/executions/meter";
import type { CallContext, SubgraphConnection, SubgraphRequest } from "./connection.ts";
import { hasRecursiveInput } from "./recursive-input.ts";
import { lazyStream } from "./stream.ts";

/** Operations kept per schema: a product's stored operations fit; an ad hoc one costs a parse when it falls out. */
const MAX_OPERATIONS = 1_000;
/** Compiling costs as much as some twenty plain executions, so an operation seen once is never compiled. */
const COMPILE_AFTER_USES = 3;

/** What an in-process subgraph is made of. */
export type InProcessOptions<C extends CallContext> = {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /**
   * A new context for each operation: contextual caches of a subgraph live no longer than that. The call's `signal` ends with this operation,
   * whoever ends it; it is made when it is first read.
   */
  readonly createContext: (call: C) => unknown;
  /** Replaces an error before it leaves the subgraph, as an HTTP subgraph's server does; identity when absent. */
  readonly maskError?: (error: GraphQLError, call: C) => GraphQLError;
  readonly maxOperations?: number;
  readonly compileAfterUses?: number;
};

/**
 * The call with the operation's own signal, which a guard ends at its deadline; read late, because making one costs. A class, since every object
 * literal with a getter of its own gets a hidden class of its own, which holds on to the request until the next full collection.
 */
class OperationCall {
  readonly #call: CallContext;
  readonly #request: SubgraphRequest;

  constructor(call: CallContext, request: SubgraphRequest) {
    const { signal: _late, ...fields } = call;
    Object.assign(this, fields);
    this.#call = call;
    this.#request = request;
  }

  get signal(): AbortSignal | undefined {
    return this.#request.signal ?? this.#call.signal;
  }
}

const withSignal = <C extends CallContext>(call: C, request: SubgraphRequest): C =>
  new OperationCall(call, request) as unknown as C; // boundary: the call's own fields were copied, and its signal is read late

type Run = (context: unknown, variables: Readonly<Record<string, unknown>>) => unknown;
type Operation = { document: DocumentNode; errors: readonly GraphQLError[]; uses: number; compiled: Run | null };

const compile = (schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): Run | null => {
  if (hasRecursiveInput(schema, document)) return null; // graphql-js runs what the compiler would never finish
  try {
    const compiled = compileQuery(schema, document, operationName, { disablingCapturingStackErrors: true });
    return isCompiledQuery(compiled) ? (context, variables) => compiled.query(undefined, context, variables) : null;
  } catch {
    return null; // graphql-js runs what the compiler cannot
  }
};

/** Operations by their text, parsed and validated once. */
const createOperations = (schema: GraphQLSchema, max: number): ((request: SubgraphRequest) => Operation) => {
  const operations = new LRUCache<string, Operation>({ max });
  return ({ query, operationName }) => {
    const key = operationName === undefined ? query : `${operationName}\n${query}`;
    const known = operations.get(key);
    if (known !== undefined) return known;
    const document = parse(query, { noLocation: true });
    const fresh: Operation = { document, errors: validate(schema, document), uses: 0, compiled: null };
    operations.set(key, fresh);
    return fresh;
  };
};

const argumentsOf = (schema: GraphQLSchema, operation: Operation, request: SubgraphRequest, contextValue: unknown) => ({
  schema,
  document: operation.document,
  operationName: request.operationName ?? null,
  variableValues: request.variables ?? {},
  contextValue,
});

type Counted = <T>(work: () => T) => T;

/** Runs work whose reads count on a meter, if there is one. */
const countedOn =
  (meter: Meter | undefined): Counted =>
  (work) =>
    meter === undefined ? work() : metered(meter, work);

/** A subgraph in this process: its schema runs compiled, without HTTP and without a copy of its answer. */
export const createInProcessConnection = <C extends CallContext>(
  options: InProcessOptions<C>,
): SubgraphConnection<C> => {
  const { name, schema, createContext, maskError, compileAfterUses = COMPILE_AFTER_USES } = options;
  const load = createOperations(schema, options.maxOperations ?? MAX_OPERATIONS);
  const interpret = (operation: Operation, request: SubgraphRequest, context: unknown) =>
    execute(argumentsOf(schema, operation, request, context));
  const run = (operation: Operation, request: SubgraphRequest, context: unknown): unknown =>
    operation.compiled === null
      ? interpret(operation, request, context)
      : operation.compiled(context, request.variables ?? {});
  const masked = (result: ExecutionResult, call: C): ExecutionResult =>
    maskError === undefined || result.errors === undefined
      ? result
      : { ...result, errors: result.errors.map((error) => maskError(error, call)) };

  return {
    name,
    async execute(request, call) {
      const beganMs = performance.now();
      const operation = load(request);
      if (operation.errors.length > 0) return { errors: operation.errors };
      operation.uses += 1;
      if (operation.uses === compileAfterUses) {
        operation.compiled = compile(schema, operation.document, request.operationName);
      }
      const made = createContext(withSignal(call, request));
      const context: unknown = made instanceof Promise ? await made : made;
      const { meter, allowance = null } = call;
      const result =
        meter === undefined
          ? await run(operation, request, context)
          : await metered(meter, () => run(operation, request, context), allowance, beganMs);
      return masked(toResult(result), call);
    },
    subscribe(request, call) {
      return lazyStream(async () => {
        const operation = load(request);
        if (operation.errors.length > 0) return { errors: operation.errors };
        const counted = countedOn(call.meter);
        const contextValue = await createContext(withSignal(call, request));
        const stream = await counted(() => subscribe(argumentsOf(schema, operation, request, contextValue)));
        if (!(Symbol.asyncIterator in stream)) return masked(stream, call);
        return iteratorOf(stream, counted, (event) => masked(event, call));
      });
    },
    close: () => Promise.resolve(),
  };
};

/** What a stream ended with, when it says why; anything else is a failure of the service. */
const refusalIn = (thrown: unknown): ExecutionResult => {
  if (thrown instanceof GraphQLError && isErrorCode(thrown.extensions["code"])) return { errors: [thrown] };
  throw thrown;
};

const iteratorOf = (
  stream: AsyncGenerator<ExecutionResult, void, void>,
  counted: Counted,
  map: (event: ExecutionResult) => ExecutionResult,
): AsyncIterator<ExecutionResult> => {
  let refused = false;
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  return {
    async next() {
      if (refused) return done;
      try {
        const step = await counted(() => stream.next());
        return step.done === true ? done : { done: false, value: map(step.value) };
      } catch (thrown) {
        refused = true;
        return { done: false, value: map(refusalIn(thrown)) };
      }
    },
    async return() {
      await stream.return(undefined);
      return done;
    },
  };
};

const isResult = (value: unknown): value is ExecutionResult => typeof value === "object" && value !== null;

const toResult = (value: unknown): ExecutionResult => {
  if (isResult(value)) return value;
  throw new TypeError("a compiled operation answered with no result");
};
