import { refuse } from "@tessera/platform/errors/refusal";
import { CHANNEL_LIMITS, DEFAULT_RATE_CAP, keepsIncidents, type ChannelDefinition } from "./channel.ts";
import type { ChannelInput, DigestInput, QuietHoursInput } from "./channel-input.ts";
import { WEEKDAYS } from "./channel-input.ts";
import { readSettings } from "./check-settings.ts";
import { DIGEST_MINUTES, isCron, type Digest } from "./digest.ts";
import type { QuietHours } from "./quiet-hours.ts";
import { templateProblem } from "./template.ts";
import { isZone } from "../zone-clock.ts";

/** A channel that was checked, with the secret that was given for it; null when none was. */
export interface CheckedChannel {
  readonly definition: ChannelDefinition;
  readonly secret: string | null;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;
const minuteOf = (text: string, where: string): number => {
  const [, hour, minute] = TIME.exec(text) ?? [];
  if (hour === undefined || minute === undefined) throw bad(where, "A time of the day is like `22:30`.");
  return Number(hour) * 60 + Number(minute);
};

const zoneOf = (name: string, where: string): string => {
  if (!isZone(name)) throw bad(where, "This is not an IANA time zone: `Europe/Berlin` is one.");
  return name;
};

/** Reads quiet hours; refuses with BAD_INPUT. */
export const checkQuietHours = (input: QuietHoursInput | null | undefined, where: string): QuietHours | null => {
  if (input === null || input === undefined) return null;
  const fromMinute = minuteOf(input.from, `${where}.from`);
  const toMinute = minuteOf(input.to, `${where}.to`);
  if (fromMinute === toMinute)
    throw bad(`${where}.to`, "Quiet hours end at another time than they begin: pause the channel to send nothing.");
  const weekdays = [...new Set((input.weekdays ?? []).map((day) => WEEKDAYS.indexOf(day)))].toSorted((a, b) => a - b);
  const timeZone = zoneOf(input.timeZone, `${where}.timeZone`);
  return { fromMinute, toMinute, weekdays, timeZone, except: input.except ?? null };
};

const checkDigest = (input: DigestInput | null | undefined): Digest | null => {
  if (input === null || input === undefined) return null;
  const { cron = null, everyMinutes = null, except = null } = input;
  const timeZone = zoneOf(input.timeZone ?? "UTC", "input.digest.timeZone");
  if ((cron === null) === (everyMinutes === null))
    throw bad("input.digest", "A digest is due by `cron` or `everyMinutes`, and by one of them.");
  if (cron !== null) {
    if (cron.length > 200 || !isCron(cron))
      throw bad("input.digest.cron", "This is not a cron expression of five fields that names a day there is.");
    return { every: { kind: "CRON", cron: cron.trim().split(/\s+/).join(" ") }, timeZone, except };
  }
  const minutes = everyMinutes ?? 0;
  if (minutes < DIGEST_MINUTES.least || minutes > DIGEST_MINUTES.most)
    throw bad("input.digest.everyMinutes", `Between ${DIGEST_MINUTES.least} and ${DIGEST_MINUTES.most} minutes.`);
  return { every: { kind: "INTERVAL", minutes }, timeZone, except };
};

/** Checks a template; one that is left out or empty is none. Refuses with BAD_INPUT. */
export const checkTemplate = (text: string | null | undefined, where: string): string | null => {
  if (text === null || text === undefined || text === "") return null;
  const problem = templateProblem(text);
  if (problem !== null) throw bad(where, problem);
  return text;
};

const checkRateCap = (input: ChannelInput["rateCap"]): ChannelDefinition["rateCap"] => {
  const { messages, windowSeconds } = input ?? DEFAULT_RATE_CAP;
  if (messages < 1 || messages > 1_000) throw bad("input.rateCap.messages", "Between 1 and 1,000 messages.");
  if (windowSeconds < 10 || windowSeconds > 86_400)
    throw bad("input.rateCap.windowSeconds", "Between 10 and 86,400 seconds.");
  return { messages, windowSeconds };
};

/** The name of something people read in a list; refuses with BAD_INPUT. */
export const checkName = (text: string, where: string): string => {
  const name = text.trim();
  if (name === "" || name.length > CHANNEL_LIMITS.name || /[\p{Cc}\u2028\u2029]/u.test(name))
    throw bad(where, `A name is one line of 1 to ${CHANNEL_LIMITS.name} characters.`);
  return name;
};

/** Checks everything somebody says of a channel; refuses with BAD_INPUT, which names the first thing to change. */
export const checkChannel = (input: ChannelInput): CheckedChannel => {
  const name = checkName(input.name, "input.name");
  const { settings, secret } = readSettings(input);
  const digest = checkDigest(input.digest);
  if (digest !== null && keepsIncidents(settings.kind))
    throw bad("input.digest", "The receiver keeps incidents of its own: it is told of each by itself, in no digest.");
  return {
    definition: {
      ...{ name, settings, digest, rateCap: checkRateCap(input.rateCap) },
      templates: {
        title: checkTemplate(input.titleTemplate, "input.titleTemplate"),
        body: checkTemplate(input.bodyTemplate, "input.bodyTemplate"),
      },
      quietHours: checkQuietHours(input.quietHours, "input.quietHours"),
    },
    secret,
  };
};
