import type { SilenceWindow as Window } from "../../domain/silences/silence-window.ts";
import type { ResolversTypes, ResolversUnionTypes, SilenceWindow } from "../../generated/resolvers.ts";
import type { Silence } from "../../domain/silences/silence.ts";
import type {
  AddedOverride,
  CreatedInhibition,
  CreatedSilence,
  SavedSchedule,
} from "../../domain/silences/outcomes.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";

type Results = ResolversUnionTypes<ResolversTypes>;

/** A window as callers see it. */
export const toSilenceWindow = (window: Window): SilenceWindow => {
  const span = { from: toDateTime(window.fromMs), until: toDateTimeOrNull(window.untilMs) };
  if (window.kind === "ONCE") return { ...span, cron: null, timeZone: null, duration: null };
  return { ...span, cron: window.cron, timeZone: window.timeZone, duration: `PT${window.durationMs / 1_000}S` };
};

/** What became of `createSilence`, as callers see it. */
export const toCreateSilenceResult = (outcome: CreatedSilence): Results["CreateSilenceResult"] =>
  outcome.kind === "SAVED"
    ? { __typename: "SilenceSaved", silence: outcome.silence }
    : { __typename: "SilenceLimitReached", limit: outcome.limit };

/** What became of `endSilence`, as callers see it. */
export const toEndSilenceResult = (id: string, silence: Silence | null): Results["EndSilenceResult"] =>
  silence === null ? { __typename: "SilenceNotFound", id } : { __typename: "SilenceSaved", silence };

/** What became of `createInhibition`, as callers see it. */
export const toCreateInhibitionResult = (
  name: string,
  outcome: CreatedInhibition,
): Results["CreateInhibitionResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "InhibitionSaved", inhibition: outcome.inhibition };
    case "NAME_TAKEN":
      return { __typename: "InhibitionNameTaken", name };
    case "LIMIT_REACHED":
      return { __typename: "SilenceLimitReached", limit: outcome.limit };
  }
};

/** What became of `deleteInhibition`, as callers see it. */
export const toDeleteInhibitionResult = (id: string, deleted: boolean): Results["DeleteInhibitionResult"] =>
  deleted ? { __typename: "InhibitionDeleted", id } : { __typename: "SilenceNotFound", id };

/** What became of `saveOnCallSchedule`, as callers see it. */
export const toSaveScheduleResult = (
  { id, name }: { readonly id: string; readonly name: string },
  outcome: SavedSchedule,
): Results["SaveOnCallScheduleResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "OnCallScheduleSaved", schedule: outcome.schedule };
    case "STALE":
      return { __typename: "OnCallChangedMeanwhile", schedule: outcome.schedule };
    case "NAME_TAKEN":
      return { __typename: "OnCallNameTaken", name };
    case "NOT_FOUND":
      return { __typename: "OnCallNotFound", id };
    case "LIMIT_REACHED":
      return { __typename: "SilenceLimitReached", limit: outcome.limit };
  }
};

/** What became of `addOnCallOverride`, as callers see it. */
export const toAddOverrideResult = (id: string, outcome: AddedOverride): Results["AddOnCallOverrideResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "OnCallScheduleSaved", schedule: outcome.schedule };
    case "NOT_FOUND":
      return { __typename: "OnCallNotFound", id };
    case "LIMIT_REACHED":
      return { __typename: "SilenceLimitReached", limit: outcome.limit };
  }
};

/** What became of `deleteOnCallSchedule` and `removeOnCallOverride`, as callers see it. */
export const toDeleteOnCallResult = (id: string, deleted: boolean): Results["DeleteOnCallResult"] =>
  deleted ? { __typename: "OnCallDeleted", id } : { __typename: "OnCallNotFound", id };
