import type { BehaviourKind } from "../../domain/dashboards/question.ts";
import type { AskQuestion, DataDeps } from "./dashboard-data.ts";

type Ask = (
  caller: Parameters<AskQuestion>[0],
  input: never,
  signal?: AbortSignal,
  maxStaleness?: string,
) => Promise<object>;

/** The questions of this room, as its graph asks them. */
export interface Asked extends BehaviourAsked {
  readonly olap: Ask;
  readonly timeSeries: Ask;
  readonly runSavedQuery: Ask;
}

/** The questions about behaviour. */
interface BehaviourAsked {
  readonly funnel: Ask;
  readonly retention: Ask;
  readonly stickiness: Ask;
  readonly lifecycle: Ask;
  readonly activeUsers: Ask;
  readonly attribution: Ask;
  readonly paths: Ask;
  readonly sessionMetrics: Ask;
  readonly velocity: Ask;
  readonly rings: Ask;
  readonly eventQuality: Ask;
  readonly drift: Ask;
  readonly cohortSizes: Ask;
  readonly apiExecutions: Ask;
}

// boundary: an input was coerced to the type of the SDL that the question is asked by.
const taken =
  (ask: Ask): AskQuestion =>
  (caller, input, signal, maxStaleness) =>
    ask(caller, input as never, signal, maxStaleness);

/** Questions about behaviour by their kinds. */
export const behaviourAskers = (asked: BehaviourAsked): Readonly<Record<BehaviourKind, AskQuestion>> => ({
  FUNNEL: taken(asked.funnel),
  RETENTION: (caller, input, signal, maxStaleness) =>
    taken(asked.retention)(caller, { input, of: null }, signal, maxStaleness),
  STICKINESS: taken(asked.stickiness),
  LIFECYCLE: taken(asked.lifecycle),
  ACTIVE_USERS: taken(asked.activeUsers),
  ATTRIBUTION: taken(asked.attribution),
  PATHS: taken(asked.paths),
  SESSION_METRICS: taken(asked.sessionMetrics),
  VELOCITY: taken((caller, input, signal) => asked.velocity(caller, input, signal)),
  RINGS: taken((caller, input, signal) => asked.rings(caller, input, signal)),
  EVENT_QUALITY: taken((caller, input, signal) => asked.eventQuality(caller, input, signal)),
  DRIFT: taken((caller, input, signal) => asked.drift(caller, input, signal)),
  COHORT_SIZES: taken((caller, input, signal) => asked.cohortSizes(caller, input, signal)),
  API_EXECUTIONS: taken((caller, input, signal) => asked.apiExecutions(caller, input, signal)),
});

/** Every question but saved ones by its kind, as the graph's own fields ask them. */
export const questionAskers = (asked: Asked): DataDeps["ask"] => ({
  OLAP: taken(asked.olap),
  TIME_SERIES: taken(asked.timeSeries),
  ...behaviourAskers(asked),
});

/** Asks saved queries by their ids. */
export const savedAsker = ({ runSavedQuery }: Asked): AskQuestion => taken(runSavedQuery);
