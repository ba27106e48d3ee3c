import type { ExecutionResult } from "graphql";
import { CallCancelled, type CallContext, type SubgraphConnection } from "../connections/connection.ts";
import { copy, locate, merge, pick, rewrite, visitPath, type TypeTest } from "./answers.ts";
import { addError, addFetchFailure, clientError, type Failures } from "./failures.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { Variables } from "./operation.ts";
import type { EntityBatch, EntityFetch, PlanStep, RootFetch } from "./plan.ts";
import { ByRepresentation } from "./representations.ts";

/** Connections by the subgraph names of the supergraph. */
export type Connections<C extends CallContext> = ReadonlyMap<string, SubgraphConnection<C>>;

/** One request under way. */
export type PlanRun<C extends CallContext> = {
  readonly connections: Connections<C>;
  readonly types: TypeTest;
  readonly variables: Variables;
  readonly call: C;
  /** Everything gathered so far, shaped as the subgraphs answered. */
  readonly data: JsonObject;
  readonly failures: Failures;
};

type Path = readonly (string | number)[];

/** An object that waits for an entity, found at the plan path of this index. */
type Place = { readonly target: JsonObject; readonly pathIndex: number; next: Place | null };

/** The places that wait for one representation's answer in the order of their plan paths; linked, since nearly always there is but one. */
type Waiting = { readonly first: Place; last: Place };

const variablesFor = (names: readonly string[], variables: Variables): Record<string, unknown> => {
  const used: Record<string, unknown> = {};
  for (const name of names) if (variables[name] !== undefined) used[name] = variables[name];
  return used;
};

const isCancelled = ({ signal }: CallContext): boolean => signal?.aborted === true;

const send = async <C extends CallContext>(
  run: PlanRun<C>,
  fetch: RootFetch | EntityFetch,
  variables: Record<string, unknown>,
): Promise<ExecutionResult | Error> => {
  if (isCancelled(run.call)) throw new CallCancelled("the caller gave up");
  const connection = run.connections.get(fetch.service);
  if (connection === undefined) return new Error(`no connection to ${fetch.service}`);
  try {
    return await connection.execute(
      { query: fetch.operation, operationName: fetch.operationName, variables },
      run.call,
    );
  } catch (error) {
    if (error instanceof CallCancelled || isCancelled(run.call)) throw error;
    return error instanceof Error ? error : new Error(String(error));
  }
};

/** A response key that a rewrite gives back its client name. */
const renamed = (path: Path, rewrites: RootFetch["outputRewrites"]): Path =>
  rewrites.length === 0
    ? path
    : path.map((element) => {
        const change = rewrites.find((each) => each.kind === "rename" && each.field === element);
        return change?.kind === "rename" ? change.to : element;
      });

const runRoot = async <C extends CallContext>(run: PlanRun<C>, fetch: RootFetch): Promise<void> => {
  const targets: JsonObject[] = [];
  visitPath(run.data, fetch.path, run.types, (object) => void targets.push(object));
  if (targets.length === 0) return;
  const result = await send(run, fetch, variablesFor(fetch.variableNames, run.variables));
  mergeRoot(run, fetch, targets, result);
};

/** Merges the answer of a root fetch (or a subscription's event) and maps its errors. */
export const mergeRoot = <C extends CallContext>(
  run: PlanRun<C>,
  fetch: RootFetch,
  targets: readonly JsonObject[],
  result: ExecutionResult | Error,
): void => {
  const { failures, types } = run;
  if (result instanceof Error) {
    addFetchFailure(failures, { service: fetch.service, code: "SUBGRAPH_UNAVAILABLE", cause: result }, targets);
    return;
  }
  const { data, errors = [] } = result;
  if (!isJsonObject(data)) for (const target of targets) failures.unfilled.add(target);
  const located = errors.some((error) => error.path !== undefined) && fetch.path.length > 0;
  const places = located ? locate(run.data, fetch.path, types) : null;
  for (const error of errors) {
    const path = error.path === undefined ? undefined : renamed(error.path, fetch.outputRewrites);
    const prefixes = places === null || path === undefined ? [[]] : [...places.values()].flat();
    for (const prefix of prefixes) addError(failures, clientError(error, path && [...prefix, ...path]));
  }
  if (data === undefined && errors.length === 0) {
    addFetchFailure(failures, { service: fetch.service, code: "SUBGRAPH_INVALID_RESPONSE" }, targets);
  }
  if (!isJsonObject(data)) return;
  rewrite(data, fetch.outputRewrites, types);
  targets.forEach((target, index) => merge(target, index === 0 ? data : asObject(copy(data)), types));
};

const placesOf = ({ first }: Waiting): readonly Place[] => {
  const places: Place[] = [];
  for (let place: Place | null = first; place !== null; place = place.next) places.push(place);
  return places;
};

const asObject = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

/** Representations of a batch without repetition, each with everything that waits for it. */
const represent = <C extends CallContext>(
  run: PlanRun<C>,
  batch: EntityBatch,
): { representations: JsonObject[]; waiting: Waiting[] } => {
  const representations: JsonObject[] = [];
  const waiting: Waiting[] = [];
  const known = new ByRepresentation<Waiting>();
  batch.paths.forEach((path, pathIndex) => {
    visitPath(run.data, path, run.types, (object) => {
      const representation = pick(object, batch.requires, run.types);
      if (representation === null || representation["__typename"] === undefined) return;
      if (batch.inputRewrites.length > 0) rewrite(representation, batch.inputRewrites, run.types);
      const place: Place = { target: object, pathIndex, next: null };
      const fresh: Waiting = { first: place, last: place };
      const entry = known.take(representation, fresh);
      if (entry === fresh) {
        waiting.push(fresh);
        representations.push(representation);
      } else {
        entry.last.next = place;
        entry.last = place;
      }
    });
  });
  return { representations, waiting };
};

/**
 * Merges one entity into all that wait for it. Places of one plan path may share what they receive, since every later step
 * treats them alike; places of different paths may not, since one key can mean different arguments there.
 */
const mergeEntity = <C extends CallContext>(
  run: PlanRun<C>,
  batch: EntityBatch,
  entity: JsonObject,
  to: Waiting,
): void => {
  let own = entity;
  let pathIndex = -1;
  for (let place: Place | null = to.first; place !== null; place = place.next) {
    if (place.pathIndex !== pathIndex) {
      if (pathIndex >= 0) own = asObject(copy(entity));
      ({ pathIndex } = place);
      if (batch.outputRewrites.length > 0) {
        own["__typename"] ??= place.target["__typename"]; // a rewrite may hold for one type alone
        rewrite(own, batch.outputRewrites, run.types);
      }
    }
    merge(place.target, own, run.types);
  }
};

/** Maps an error at `_entities.<n>.<rest>` to every place in the client's answer that waits for that entity. */
const addEntityError = <C extends CallContext>(
  run: PlanRun<C>,
  error: NonNullable<ExecutionResult["errors"]>[number],
  parts: readonly Part[],
): void => {
  const [key, index, ...rest] = error.path ?? [];
  const part = parts.find(({ batch }) => batch.key === key);
  const entry = part !== undefined && typeof index === "number" ? part.waiting[index] : undefined;
  if (part === undefined || entry === undefined) {
    addError(run.failures, clientError(error, undefined));
    return;
  }
  const path = renamed(rest, part.batch.outputRewrites);
  part.batch.paths.forEach((planPath, pathIndex) => {
    const places = locate(run.data, planPath, run.types);
    const targets = placesOf(entry).filter((place) => place.pathIndex === pathIndex);
    for (const target of new Set(targets.map((place) => place.target))) {
      for (const prefix of places.get(target) ?? []) addError(run.failures, clientError(error, [...prefix, ...path]));
    }
  });
};

type Part = { readonly batch: EntityBatch; readonly waiting: readonly Waiting[] };

const targetsOf = (parts: readonly Part[]): readonly JsonObject[] =>
  parts.flatMap(({ waiting }) => waiting.flatMap(placesOf).map(({ target }) => target));

const failEntities = <C extends CallContext>(
  run: PlanRun<C>,
  fetch: EntityFetch,
  parts: readonly Part[],
  code: "SUBGRAPH_UNAVAILABLE" | "SUBGRAPH_INVALID_RESPONSE",
  cause?: Error,
): void => addFetchFailure(run.failures, { service: fetch.service, code, cause }, targetsOf(parts));

const hasErrorAt = (errors: NonNullable<ExecutionResult["errors"]>, key: string, index: number): boolean =>
  errors.some(({ path }) => path?.[0] === key && path[1] === index);

/** Merges one `_entities` list; false when it is not the list that was asked for. */
const mergeBatch = <C extends CallContext>(
  run: PlanRun<C>,
  { batch, waiting }: Part,
  entities: unknown,
  errors: NonNullable<ExecutionResult["errors"]>,
): boolean => {
  if (!Array.isArray(entities) || entities.length !== waiting.length) return false;
  let index = -1;
  for (const entry of waiting) {
    index += 1;
    const entity: unknown = entities[index];
    if (isJsonObject(entity)) mergeEntity(run, batch, entity, entry);
    else if (errors.length > 0 && hasErrorAt(errors, batch.key, index)) {
      for (const { target } of placesOf(entry)) run.failures.unfilled.add(target);
    }
  }
  return true;
};

const NO_ERRORS: NonNullable<ExecutionResult["errors"]> = [];

const runEntities = async <C extends CallContext>(run: PlanRun<C>, fetch: EntityFetch): Promise<void> => {
  const variables = variablesFor(fetch.variableNames, run.variables);
  const parts: Part[] = [];
  let isNeeded = false;
  for (const batch of fetch.batches) {
    const { representations, waiting } = represent(run, batch);
    variables[batch.representationsVariable] = representations;
    parts.push({ batch, waiting });
    isNeeded ||= representations.length > 0;
  }
  if (!isNeeded) return;
  const result = await send(run, fetch, variables);
  if (result instanceof Error) {
    failEntities(run, fetch, parts, "SUBGRAPH_UNAVAILABLE", result);
    return;
  }
  const { data, errors = NO_ERRORS } = result;
  for (const error of errors) addEntityError(run, error, parts);
  if (isJsonObject(data)) {
    for (const part of parts) {
      const isList = mergeBatch(run, part, data[part.batch.key], errors);
      if (!isList && errors.length === 0) failEntities(run, fetch, [part], "SUBGRAPH_INVALID_RESPONSE");
    }
  } else if (errors.length > 0) {
    for (const target of targetsOf(parts)) run.failures.unfilled.add(target);
  } else failEntities(run, fetch, parts, "SUBGRAPH_INVALID_RESPONSE");
};

const runSequence = async <C extends CallContext>(run: PlanRun<C>, steps: readonly PlanStep[]): Promise<void> => {
  for (const step of steps) await runStep(run, step);
};

/** Runs a plan's steps, gathering into `run.data` and `run.failures`; rejects only when the caller gave up. */
export const runStep = <C extends CallContext>(run: PlanRun<C>, step: PlanStep): Promise<unknown> => {
  switch (step.kind) {
    case "root":
      return runRoot(run, step);
    case "entities":
      return runEntities(run, step);
    case "sequence":
      return runSequence(run, step.steps);
    case "parallel":
      return Promise.all(step.steps.map((child) => runStep(run, child)));
  }
};
