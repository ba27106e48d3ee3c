import { onCallDefinitionOf } from "../../domain/on-call/check-on-call.ts";
import type { OnCall as OnCallNow } from "../../domain/on-call/on-call-schedule.ts";
import type {
  InhibitionResolvers,
  OnCallOverrideResolvers,
  OnCallResolvers,
  OnCallScheduleResolvers,
  OnCallShiftResolvers,
  SilenceResolvers,
} from "../../generated/resolvers.ts";
import { toDateTime, toDateTimeOrNull } from "../views.ts";
import { toSilenceWindow } from "./silence-views.ts";

const Silence: SilenceResolvers = {
  window: ({ window }) => toSilenceWindow(window),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  endedAt: ({ endedAtMs }) => toDateTimeOrNull(endedAtMs),
  inForce: (silence, _arguments, { operations }) => operations.silenceNow(silence).inForce,
  nextFrom: (silence, _arguments, { operations }) => toDateTimeOrNull(operations.silenceNow(silence).nextFromMs),
};

const Inhibition: InhibitionResolvers = { createdAt: ({ createdAtMs }) => toDateTime(createdAtMs) };

const OnCallSchedule: OnCallScheduleResolvers = {
  name: ({ definition }) => definition.name,
  timeZone: ({ definition }) => definition.timeZone,
  layers: ({ definition }) => onCallDefinitionOf(definition).layers,
  onCall: (schedule, { at }, { operations }) => operations.onCallOf(schedule, at),
  shifts: (schedule, asked, { operations }) => operations.shiftsOf(schedule, asked),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  changedAt: ({ changedAtMs }) => toDateTime(changedAtMs),
};

const OnCallOverride: OnCallOverrideResolvers = {
  from: ({ fromMs }) => toDateTime(fromMs),
  until: ({ untilMs }) => toDateTime(untilMs),
};

const OnCallShift: OnCallShiftResolvers = {
  from: ({ fromMs }) => toDateTime(fromMs),
  until: ({ untilMs }) => toDateTime(untilMs),
};

const personOf = (onCall: OnCallNow): string | null => (onCall.kind === "NOBODY" ? null : onCall.personId);

const OnCall: OnCallResolvers = {
  personId: (onCall) => personOf(onCall),
  layer: (onCall) => (onCall.kind === "LAYER" ? onCall.layer : null),
  overrideId: (onCall) => (onCall.kind === "OVERRIDE" ? onCall.overrideId : null),
};

/** Resolvers of the types about silences and who is on call. */
export const silenceTypes = { Silence, Inhibition, OnCallSchedule, OnCallOverride, OnCallShift, OnCall };
