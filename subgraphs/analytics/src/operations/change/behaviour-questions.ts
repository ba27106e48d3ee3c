import type { ApiExecutionsDeps } from "../query-api-executions.ts";
import type { OtherQuestion } from "../watched/grouped-question.ts";
import { activeUsersChange, lifecycleChange, stickinessChange } from "./activity-change.ts";
import { attributionChange } from "./attribution-change.ts";
import {
  funnelChange,
  retentionChange,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { cohortChange } from "./cohort-change.ts";
import { driftChange } from "./drift-change.ts";
import { executionsChange } from "./executions-change.ts";
import { ringsChange, velocityChange, type FraudChangeDeps } from "./fraud-change.ts";
import { pathsChange, type PathsChangeDeps } from "./paths-change.ts";
import { qualityChange, type ExpectedEvents, type QualityChangeDeps } from "./quality-change.ts";
import { sessionChange, type SessionChangeDeps } from "./session-change.ts";

/** What explaining questions of behaviour needs. */
export type ExplainBehaviourDeps = BehaviourChangeDeps &
  QualityChangeDeps &
  SessionChangeDeps &
  FraudChangeDeps &
  PathsChangeDeps &
  ApiExecutionsDeps;

type Explain = (deps: ExplainBehaviourDeps, asked: BehaviourToExplain) => Promise<BehaviourChange | ExpectedEvents>;

/** How changes of each question of behaviour are explained. */
export const BEHAVIOUR: Readonly<Record<OtherQuestion["kind"], Explain>> = {
  ...{ FUNNEL: funnelChange, RETENTION: retentionChange, SESSION_METRICS: sessionChange },
  ...{ STICKINESS: stickinessChange, LIFECYCLE: lifecycleChange, ACTIVE_USERS: activeUsersChange },
  ...{ ATTRIBUTION: attributionChange, PATHS: pathsChange, VELOCITY: velocityChange, RINGS: ringsChange },
  ...{ EVENT_QUALITY: qualityChange, DRIFT: driftChange },
  ...{ API_EXECUTIONS: executionsChange, COHORT_SIZES: cohortChange },
};
