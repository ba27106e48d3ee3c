import { isActive } from "../domain/abuse/throttle.ts";
import type * as types from "../generated/resolvers.ts";
import type { LiftOutcome } from "../operations/security.ts";
import { timeText, timeTextOrNull } from "./time-text.ts";

const toLiftResult = (outcome: LiftOutcome) => {
  switch (outcome.kind) {
    case "LIFTED":
      return { __typename: "ThrottleLifted", throttle: outcome.throttle } as const;
    case "NOT_FOUND":
      return { __typename: "ThrottleNotFound", id: outcome.id } as const;
    case "OWN":
      return { __typename: "OwnThrottle", id: outcome.id } as const;
  }
};

/** What the room answers about abuse. */
export const SecurityQuery: Pick<types.QueryResolvers, "securityEvents" | "throttles"> = {
  securityEvents: (_root, args, { caller, operations }) => operations.securityEvents(caller, args),
  throttles: (_root, args, { caller, operations }) => operations.throttles(caller, args),
};

/** What the room changes about abuse. */
export const SecurityMutation: Pick<types.MutationResolvers, "liftThrottle" | "reportAuthenticationFailures"> = {
  liftThrottle: (_root, { input }, { caller, operations }) => operations.liftThrottle(caller, input).then(toLiftResult),
  reportAuthenticationFailures: (_root, { failures }, { operations }) => operations.reportFailures(failures),
};

/** Something that looked like abuse. */
export const SecurityEvent: types.SecurityEventResolvers = {
  windowFrom: ({ windowFromMs }) => timeText(windowFromMs),
  windowTo: ({ windowToMs }) => timeText(windowToMs),
  raisedAt: ({ createdAtMs }) => timeText(createdAtMs),
};

/** A source that is held back. */
export const Throttle: types.ThrottleResolvers = {
  startsAt: ({ startsAtMs }) => timeText(startsAtMs),
  until: ({ untilMs }) => timeText(untilMs),
  active: (throttle, _args, { nowMs }) => isActive(throttle, nowMs()),
  liftedAt: ({ liftedAtMs }) => timeTextOrNull(liftedAtMs),
};
