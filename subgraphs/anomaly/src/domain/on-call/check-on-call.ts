import { isUuid } from "@tessera/contracts/ids";
import { z } from "zod";
import { escalationTimesSchema } from "../alerts/alert-policy-definition.ts";
import { checked, type Checked } from "../checked.ts";
import { isZone } from "../zone-clock.ts";
import type { EscalationPolicy } from "./escalation-policy.ts";
import type { DutyHours, OnCallLayer, OnCallSchedule } from "./on-call-schedule.ts";

/** Characters of a name. */
const MAX_NAME_CHARACTERS = 200;
/** Layers of a schedule, members of a layer and windows of its hours: who is on call is found by looking at all. */
const MAX_LAYERS = 20;
const MAX_MEMBERS = 100;
const MAX_WINDOWS = 14;
/** Longest turn. */
const MAX_TURN_DAYS = 366;
/** Targets of one step. */
const MAX_TARGETS = 20;
/** Longest time somebody may stand in. */
const MAX_OVERRIDE_MS = 366 * 86_400_000;

const WEEKDAYS = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"] as const;
const name = z.string().trim().min(1).max(MAX_NAME_CHARACTERS);
const uuid = z.string().refine(isUuid, "Give the id, a UUID.");
const date = z.iso.date("Give a date, such as 2026-11-23.").transform((text) => Date.parse(`${text}T00:00:00Z`));
const time = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/u, "Give a time of the day, such as 09:00.")
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const hoursSchema = z
  .object({ weekdays: z.array(z.enum(WEEKDAYS)).max(7).default([]), from: time, to: time })
  .refine(({ from, to }) => from !== to, {
    path: ["to"],
    message: "The hours end at another time than they begin; leave them out for all day.",
  })
  .transform(({ weekdays, from, to }): DutyHours => ({
    weekdays: [...new Set(weekdays)].map((day) => WEEKDAYS.indexOf(day)),
    fromMinute: from,
    toMinute: to,
  }));

const layerSchema = z
  .object({
    name,
    members: z.array(uuid).min(1).max(MAX_MEMBERS),
    firstDate: date,
    lastDate: date.nullish(),
    handoverAt: time.prefault("09:00"),
    everyDays: z.number().int().min(1).max(MAX_TURN_DAYS).default(7),
    hours: z.array(hoursSchema).max(MAX_WINDOWS).default([]),
  })
  .refine(({ firstDate, lastDate = null }) => lastDate === null || lastDate > firstDate, {
    path: ["lastDate"],
    message: "A layer ends after its first turn has begun.",
  })
  .transform(({ firstDate, lastDate = null, handoverAt, ...same }): OnCallLayer => ({
    ...same,
    firstDateMs: firstDate,
    lastDateMs: lastDate,
    handoverMinute: handoverAt,
  }));

const scheduleSchema = z
  .object({
    name,
    timeZone: z.string().refine(isZone, "Give an IANA zone, such as Europe/Berlin."),
    layers: z.array(layerSchema).min(1).max(MAX_LAYERS),
  })
  .superRefine(({ layers }, context) => {
    const names = layers.map((layer) => layer.name);
    names.forEach((one, place) => {
      if (names.indexOf(one) !== place)
        context.addIssue({ code: "custom", path: ["layers", place, "name"], message: "Another layer has this name." });
    });
  });

const overrideSchema = z
  .object({ personId: uuid, from: z.iso.datetime({ offset: true }), until: z.iso.datetime({ offset: true }) })
  .transform(({ personId, from, until }) => ({ personId, fromMs: Date.parse(from), untilMs: Date.parse(until) }))
  .refine(({ fromMs, untilMs }) => untilMs > fromMs && untilMs - fromMs <= MAX_OVERRIDE_MS, {
    path: ["until"],
    message: "Somebody stands in for up to 366 days, and the end lies after the beginning.",
  });

const policySchema = z
  .object({
    name,
    steps: z.array(
      z.object({
        after: z.string(),
        targets: z
          .array(z.object({ kind: z.enum(["SCHEDULE", "PERSON", "CHANNEL"]), id: uuid }))
          .min(1)
          .max(MAX_TARGETS),
      }),
    ),
    repeats: z.number().default(0),
    repeatAfter: z.string().default("PT30M"),
  })
  .transform(({ name: title, steps, repeats, repeatAfter }, context): EscalationPolicy => {
    const times = escalationTimesSchema.safeParse({ after: steps.map(({ after }) => after), repeats, repeatAfter });
    if (times.success) {
      const { afterMs, ...same } = times.data;
      return {
        name: title,
        ...same,
        steps: steps.map(({ targets }, step) => ({ targets, afterMs: afterMs[step] ?? 0 })),
      };
    }
    for (const { path, message } of times.error.issues) {
      const [at, step] = path;
      const where = at !== "after" ? path : step === undefined ? ["steps"] : ["steps", step, "after"];
      context.addIssue({ code: "custom", path: where, message });
    }
    return z.NEVER;
  });

/** A schedule as its author gives it. */
export type OnCallDefinition = OnCallSchedule & { readonly name: string };

/** Checks a schedule. */
export const checkOnCallSchedule = (input: unknown): Checked<OnCallDefinition> =>
  checked(scheduleSchema.safeParse(input));

/** Checks an override. */
export const checkOnCallOverride = (input: unknown): Checked<z.infer<typeof overrideSchema>> =>
  checked(overrideSchema.safeParse(input));

/** Checks an escalation policy. */
export const checkEscalationPolicy = (input: unknown): Checked<EscalationPolicy> =>
  checked(policySchema.safeParse(input));

const durationOf = (ms: number): string => `PT${ms / 1_000}S`;
const two = (value: number): string => String(value).padStart(2, "0");
const timeOf = (minute: number): string => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The form of a schedule that {@link checkOnCallSchedule} reads: what stores keep and callers are shown. */
export const onCallDefinitionOf = ({ name: title, timeZone, layers }: OnCallDefinition) => ({
  name: title,
  timeZone,
  layers: layers.map(({ firstDateMs, lastDateMs, handoverMinute, hours, ...same }) => ({
    ...same,
    firstDate: dateOf(firstDateMs),
    lastDate: lastDateMs === null ? null : dateOf(lastDateMs),
    handoverAt: timeOf(handoverMinute),
    hours: hours.map(({ weekdays, fromMinute, toMinute }) => ({
      weekdays: weekdays.flatMap((day) => WEEKDAYS[day] ?? []),
      from: timeOf(fromMinute),
      to: timeOf(toMinute),
    })),
  })),
});

/** The form of an escalation policy that {@link checkEscalationPolicy} reads. */
export const escalationDefinitionOf = ({ name: title, steps, repeats, repeatAfterMs }: EscalationPolicy) => ({
  name: title,
  steps: steps.map(({ afterMs, targets }) => ({ after: durationOf(afterMs), targets })),
  repeats,
  repeatAfter: durationOf(repeatAfterMs),
});
