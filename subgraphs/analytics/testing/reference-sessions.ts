import type { SessionsInput } from "../src/domain/sessions/sessions-input.ts";
import { isMatch, periodNumber, personOf, unitOf } from "./reference-behaviour.ts";
import { passes, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

const DAY_MS = 86_400_000;

/** A session as the reference tells it. */
export interface ReferenceSession {
  readonly events: readonly TestEvent[];
  readonly person: string | null;
  /** Whose it is: a person's, a group's or that of a field's value. */
  readonly unit: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly activeMs: number;
  readonly views: number;
  readonly converted: boolean;
  readonly engaged: boolean;
  readonly bounced: boolean;
  /** In ten-thousandths. */
  readonly money: number;
  readonly pages: readonly string[];
}

/** Milliseconds of a duration of seconds, minutes or hours. */
const ms = (text: string): number => {
  const [, amount = "0", unit = "S"] = /^PT([\d.]+)([SMH])$/.exec(text) ?? [];
  return Number(amount) * ({ S: 1_000, M: 60_000, H: 3_600_000 }[unit] ?? 0);
};

const campaignOf = (event: TestEvent): string | null => {
  const parts = [event.utmSource, event.utmMedium, event.utmCampaign].map((part) => part ?? "");
  return parts.every((part) => part === "") ? null : JSON.stringify(parts);
};

const lastOf = <T>(list: readonly T[]): T => {
  const last = list.at(-1);
  if (last === undefined) throw new Error("A session has an event at least.");
  return last;
};

/** Whether an event begins a session of its own after the events of one. */
const begins = (input: SessionsInput, session: readonly TestEvent[], event: TestEvent): boolean => {
  const { gap, cutAtMidnight, cutAtCampaign, maxLength } = input.definition ?? {};
  const last = lastOf(session);
  const zone = input.timeZone ?? "UTC";
  const carried = session.map(campaignOf).findLast((campaign) => campaign !== null) ?? null;
  const campaign = campaignOf(event);
  return (
    event.timeMs - last.timeMs > ms(gap ?? "PT30M") ||
    (cutAtMidnight === true && periodNumber(event.timeMs, "DAY", zone) !== periodNumber(last.timeMs, "DAY", zone)) ||
    (cutAtCampaign === true && campaign !== null && campaign !== carried) ||
    (typeof maxLength === "string" && event.timeMs - (session[0]?.timeMs ?? 0) > ms(maxLength))
  );
};

const whoseOf = ({ definition }: SessionsInput, event: TestEvent): string =>
  unitOf(event, definition?.by === "SENT" ? { kind: "SESSION" } : definition?.unit) ?? "";

const laidOut = (input: SessionsInput, events: readonly TestEvent[]): readonly (readonly TestEvent[])[] => {
  const { by = "GAP", bySource } = input.definition ?? {};
  const sessions: TestEvent[][] = [];
  const open = new Map<string, TestEvent[]>();
  for (const event of events) {
    const unit = whoseOf(input, event);
    if (unit === "") continue;
    const key = by === "GAP" && bySource === true ? `${unit} of ${event.source ?? ""}` : unit;
    const session = open.get(key);
    if (session !== undefined && (by === "SENT" || !begins(input, session, event))) {
      session.push(event);
      continue;
    }
    const made = [event];
    open.set(key, made);
    sessions.push(made);
  }
  return sessions;
};

const numbersOf = (input: SessionsInput, events: readonly TestEvent[]): ReferenceSession => {
  const startMs = events[0]?.timeMs ?? 0;
  const durationMs = lastOf(events).timeMs - startMs;
  const waits = events.slice(1).map((event, place) => event.timeMs - (events[place]?.timeMs ?? 0));
  const views = events.filter((event) => isMatch(event, input.pageViews ?? { events: ["page_view"] })).length;
  const { conversion } = input;
  const converted =
    conversion !== null && conversion !== undefined && events.some((event) => isMatch(event, conversion));
  const engaged = durationMs >= ms(input.engagedAfter ?? "PT10S") || converted || views >= (input.engagedViews ?? 2);
  const bounces = { NOT_ENGAGED: !engaged, SINGLE_PAGE: views <= 1, SINGLE_EVENT: events.length === 1 };
  const paid = events.filter(({ currency }) => typeof input.currency === "string" && currency === input.currency);
  return {
    ...{ events, startMs, durationMs, views, converted, engaged },
    person: personOf(events[0] ?? lastOf(events)),
    unit: whoseOf(input, lastOf(events)),
    activeMs: waits.reduce((sum, wait) => sum + Math.min(wait, ms(input.idle ?? "PT5M")), 0),
    bounced: bounces[input.bounce ?? "NOT_ENGAGED"],
    money: paid.reduce((sum, { revenue }) => sum + Math.round(Number(revenue ?? 0) * 10_000), 0),
    pages: events.flatMap((event) => textOf(event, input.page ?? "url") ?? []).filter((page) => page !== ""),
  };
};

const isWanted = ({ where }: SessionsInput, session: ReferenceSession): boolean => {
  const { events, durationMs } = session;
  const flags = ["bounced", "engaged", "converted"] as const;
  return (
    passes(events[0] ?? lastOf(events), where?.entry ?? null) &&
    passes(lastOf(events), where?.exit ?? null) &&
    (where?.has ?? []).every((matcher) => events.some((event) => isMatch(event, matcher))) &&
    !(where?.hasNot ?? []).some((matcher) => events.some((event) => isMatch(event, matcher))) &&
    durationMs >= ms(where?.minDuration ?? "PT0S") &&
    durationMs <= (typeof where?.maxDuration === "string" ? ms(where.maxDuration) : Infinity) &&
    events.length >= (where?.minEvents ?? 1) &&
    events.length <= (where?.maxEvents ?? Infinity) &&
    flags.every((flag) => (where?.[flag] ?? session[flag]) === session[flag])
  );
};

/** The sessions a question is about, event by event as docs/sessions.md says; events in order of time. */
export const referenceSessions = (input: SessionsInput, events: readonly TestEvent[]): readonly ReferenceSession[] => {
  const [from, to] = [Date.parse(input.range.from), Date.parse(input.range.to)];
  const looked = events.filter(
    (event) => event.timeMs >= from - DAY_MS && event.timeMs < to + DAY_MS && passes(event, input.filter ?? null),
  );
  return laidOut(input, looked)
    .map((session) => numbersOf(input, session))
    .filter((session) => session.startMs >= from && session.startMs < to && isWanted(input, session));
};
