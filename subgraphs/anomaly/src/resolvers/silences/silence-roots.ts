import type { MutationResolvers, QueryResolvers } from "../../generated/resolvers.ts";
import { toConnection } from "../views.ts";
import {
  toAddOverrideResult,
  toCreateInhibitionResult,
  toCreateSilenceResult,
  toDeleteInhibitionResult,
  toDeleteOnCallResult,
  toEndSilenceResult,
  toSaveScheduleResult,
} from "./silence-views.ts";

/** Root queries about why people are not told, and who is on call. */
export const silenceQueries = {
  silences: (_root, asked, { caller, operations }) => operations.listSilences(caller, asked).then(toConnection),
  inhibitions: (_root, _arguments, { caller, operations }) => operations.listInhibitions(caller),
  onCallSchedules: (_root, _arguments, { caller, operations }) => operations.onCallSchedules(caller),
  whoIsOnCall: (_root, { schedule, at }, { caller, operations }) => operations.whoIsOnCall(caller, schedule, at),
  previewOnCall: (_root, { input, ...asked }, { operations }) => operations.previewOnCall(input, asked),
} satisfies QueryResolvers;

/** Root mutations about the same. */
export const silenceMutations = {
  createSilence: (_root, { input }, { caller, operations }) =>
    operations.createSilence(caller, input).then(toCreateSilenceResult),
  endSilence: (_root, { id }, { caller, operations }) =>
    operations.endSilence(caller, id).then((silence) => toEndSilenceResult(id, silence)),
  createInhibition: (_root, { input }, { caller, operations }) =>
    operations.createInhibition(caller, input).then((outcome) => toCreateInhibitionResult(input.name, outcome)),
  deleteInhibition: (_root, { id }, { caller, operations }) =>
    operations.deleteInhibition(caller, id).then((deleted) => toDeleteInhibitionResult(id, deleted)),
  saveOnCallSchedule: (_root, asked, { caller, operations }) =>
    operations
      .saveOnCallSchedule(caller, asked)
      .then((outcome) => toSaveScheduleResult({ id: asked.id ?? "", name: asked.input.name }, outcome)),
  deleteOnCallSchedule: (_root, { id }, { caller, operations }) =>
    operations.deleteOnCallSchedule(caller, id).then((deleted) => toDeleteOnCallResult(id, deleted)),
  addOnCallOverride: (_root, { schedule, input }, { caller, operations }) =>
    operations.addOnCallOverride(caller, schedule, input).then((outcome) => toAddOverrideResult(schedule, outcome)),
  removeOnCallOverride: (_root, { id }, { caller, operations }) =>
    operations.removeOnCallOverride(caller, id).then((deleted) => toDeleteOnCallResult(id, deleted)),
} satisfies MutationResolvers;
