import { decisionOf, standingOf } from "../../domain/feedback/feedback.ts";
import type {
  AnomalyFeedbackResolvers,
  ExpectedPeriodResolvers,
  FeedbackEntryResolvers,
  LearnedEffectResolvers,
  MutationResolvers,
  ResolversTypes,
  ResolversUnionTypes,
} from "../../generated/resolvers.ts";
import type { GivenFeedback } from "../../operations/feedback/feedback-operations.ts";
import { anomalyOfReference } from "../entities.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";

const toGivenFeedback = (
  id: string,
  outcome: GivenFeedback,
): ResolversUnionTypes<ResolversTypes>["GiveAnomalyFeedbackResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "AnomalyFeedbackSaved", anomaly: outcome.anomaly };
    case "NOT_FOUND":
      return { __typename: "AnomalyNotFound", id };
    case "LIMIT_REACHED":
      return { __typename: "AnomalyFeedbackLimitReached", limit: outcome.limit };
  }
};

/** Root mutations about what people say of anomalies. */
export const feedbackMutations = {
  giveAnomalyFeedback: (_root, { id, input }, { caller, operations }) =>
    operations.giveAnomalyFeedback(caller, id, input).then((outcome) => toGivenFeedback(id, outcome)),
  withdrawAnomalyFeedback: (_root, { id }, { caller, operations }) =>
    operations.withdrawAnomalyFeedback(caller, id).then((outcome) => toGivenFeedback(id, outcome)),
  markCauseDone: (_root, asked, { caller, operations }) => operations.markCauseDone(caller, asked),
} satisfies MutationResolvers;

const AnomalyFeedback: AnomalyFeedbackResolvers = {
  verdict: ({ history }) => decisionOf(history)?.verdict ?? null,
  people: ({ history }) => decisionOf(history)?.people ?? 0,
  standing: ({ history }) => standingOf(history),
};

const FeedbackEntry: FeedbackEntryResolvers = {
  verdict: ({ verdict }) => (verdict === "WITHDRAWN" ? null : verdict),
  expiresAt: ({ expiresAtMs }) => toDateTimeOrNull(expiresAtMs),
  doneAt: ({ doneAtMs }) => toDateTimeOrNull(doneAtMs),
  at: ({ atMs }) => toDateTime(atMs),
};

const ExpectedPeriod: ExpectedPeriodResolvers = {
  repeats: ({ kind }) => kind,
  from: (period) => (period.kind === "ONCE" ? toDateTime(period.fromMs) : null),
  until: ({ untilMs }) => toDateTime(untilMs),
  timeZone: (period) => (period.kind === "ONCE" ? null : period.timeZone),
  fromHour: (period) => (period.kind === "ONCE" ? null : period.fromHour),
  hours: (period) => (period.kind === "ONCE" ? null : period.hours),
};

const LearnedEffect: LearnedEffectResolvers = {
  anomaly: async ({ anomalyId }, _arguments, context) => {
    const anomaly = await anomalyOfReference(anomalyId, context);
    if (anomaly === null) throw new Error("Feedback names an anomaly that does not exist.");
    return anomaly;
  },
  at: ({ saidAtMs }) => toDateTime(saidAtMs),
  until: ({ untilMs }) => toDateTimeOrNull(untilMs),
};

/** Resolvers of the types about what people say of anomalies. */
export const feedbackTypes = { AnomalyFeedback, FeedbackEntry, ExpectedPeriod, LearnedEffect };
