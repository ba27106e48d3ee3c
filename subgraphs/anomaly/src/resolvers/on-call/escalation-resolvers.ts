import { escalationFormOf } from "../../domain/on-call/check-escalation.ts";
import type { SavedEscalationOutcome } from "../../domain/on-call/escalation-outcomes.ts";
import type {
  EscalationPageResolvers,
  EscalationPolicyResolvers,
  MutationResolvers,
  NotificationContactsResolvers,
  PlannedContactResolvers,
  PlannedPageResolvers,
  QueryResolvers,
  ResolversTypes,
  ResolversUnionTypes,
} from "../../generated/resolvers.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";

type Results = ResolversUnionTypes<ResolversTypes>;

const toSaved = (
  { id, name }: { readonly id: string; readonly name: string },
  outcome: SavedEscalationOutcome,
): Results["SaveEscalationPolicyResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "EscalationPolicySaved", policy: outcome.policy };
    case "STALE":
      return { __typename: "EscalationPolicyChangedMeanwhile", policy: outcome.policy };
    case "NAME_TAKEN":
      return { __typename: "EscalationPolicyNameTaken", name };
    case "NOT_FOUND":
      return { __typename: "EscalationPolicyNotFound", id };
    case "LIMIT_REACHED":
      return { __typename: "SilenceLimitReached", limit: outcome.limit };
  }
};

const durationOf = (ms: number): string => `PT${ms / 1_000}S`;

/** Root queries about whom escalations tell. */
export const escalationQueries = {
  escalationPolicies: (_root, _arguments, { caller, operations }) => operations.escalationPolicies(caller),
  notificationContacts: (_root, _arguments, { caller, operations }) => operations.notificationContacts(caller),
  escalationPages: (_root, { anomaly }, { caller, operations }) => operations.escalationPages(caller, anomaly),
  previewEscalation: (_root, asked, { caller, operations }) => operations.previewEscalation(caller, asked),
} satisfies QueryResolvers;

/** Root mutations about the same. */
export const escalationMutations = {
  saveEscalationPolicy: (_root, asked, { caller, operations }) =>
    operations
      .saveEscalationPolicy(caller, asked)
      .then((outcome) => toSaved({ id: asked.id ?? "", name: asked.input.name }, outcome)),
  deleteEscalationPolicy: (_root, { id }, { caller, operations }) =>
    operations
      .deleteEscalationPolicy(caller, id)
      .then((deleted) =>
        deleted ? { __typename: "EscalationPolicyDeleted", id } : { __typename: "EscalationPolicyNotFound", id },
      ),
  setNotificationContacts: (_root, { person, contacts }, { caller, operations }) =>
    operations.setNotificationContacts(caller, person, contacts),
} satisfies MutationResolvers;

const EscalationPolicy: EscalationPolicyResolvers = {
  name: ({ definition }) => definition.name,
  matchers: ({ definition }) => definition.matchers,
  rank: ({ definition }) => definition.rank,
  steps: ({ definition }) => escalationFormOf(definition).steps,
  repeats: ({ definition }) => definition.repeats,
  repeatAfter: ({ definition }) => escalationFormOf(definition).repeatAfter,
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  changedAt: ({ changedAtMs }) => toDateTime(changedAtMs),
};

const NotificationContacts: NotificationContactsResolvers = {
  contacts: ({ contacts }) =>
    contacts.map(({ channelId, address, afterMs }) => ({ channelId, address, after: durationOf(afterMs) })),
};

const EscalationPage: EscalationPageResolvers = {
  policy: ({ policy }) => (policy === "" ? null : policy),
  reason: ({ alert }) => alert.reason,
  dueAt: ({ dueMs }) => toDateTime(dueMs),
  finishedAt: ({ finishedAtMs }) => toDateTimeOrNull(finishedAtMs),
};

const PlannedPage: PlannedPageResolvers = { at: ({ atMs }) => toDateTime(atMs) };
const PlannedContact: PlannedContactResolvers = { at: ({ atMs }) => toDateTime(atMs) };

/** Resolvers of the types about whom escalations tell. */
export const escalationTypes = { EscalationPolicy, NotificationContacts, EscalationPage, PlannedPage, PlannedContact };
