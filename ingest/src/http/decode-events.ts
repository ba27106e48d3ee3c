import type { IngestOutcome } from "@tessera/contracts/ingest";
import { refuse } from "@tessera/platform/errors/refusal";
import { cloudEventPath, fromCloudEvent } from "../domain/cloud-event.ts";
import { MAX_EVENTS_PER_REQUEST } from "../domain/limits.ts";
import { rejection, UnreadableEvent } from "../domain/rejection.ts";

/** Events as a body carries them, and how their rejections are told in the body's own words. */
export interface DecodedEvents {
  readonly events: readonly unknown[];
  readonly tell: (outcome: IngestOutcome) => IngestOutcome;
}

const asIs = (outcome: IngestOutcome): IngestOutcome => outcome;
const asCloudEvent = (outcome: IngestOutcome): IngestOutcome =>
  outcome.kind === "REJECTED" ? { ...outcome, path: cloudEventPath(outcome.path) } : outcome;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse("BAD_INPUT", `The body is not JSON: ${error instanceof Error ? error.message : ""}`);
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fromJson = (body: unknown): DecodedEvents => {
  if (Array.isArray(body)) return { events: body, tell: asIs };
  if (!isRecord(body))
    throw refuse("BAD_INPUT", "The body is an event, an array of events, or an object with the array `events`.");
  const { events } = body;
  if (Array.isArray(events) && Object.keys(body).length === 1) return { events, tell: asIs };
  return { events: [body], tell: asIs };
};

const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "not JSON";
    return new UnreadableEvent(rejection("MALFORMED_JSON", "", `The line is not JSON: ${reason.slice(0, 200)}`));
  }
};

/** Splits newline-delimited JSON; a line that is not JSON becomes an {@link UnreadableEvent} in its place, blank lines are skipped. */
export const parseNdjson = (text: string): readonly unknown[] => {
  const events: unknown[] = [];
  let from = 0;
  while (from < text.length) {
    const newline = text.indexOf("\n", from);
    const to = newline === -1 ? text.length : newline;
    const line = text.slice(from, to).trim();
    from = to + 1;
    if (line === "") continue;
    if (events.length === MAX_EVENTS_PER_REQUEST)
      throw refuse("PAYLOAD_TOO_LARGE", `A request carries at most ${MAX_EVENTS_PER_REQUEST} events.`);
    events.push(parseLine(line));
  }
  return events;
};

const decoders: Readonly<Record<string, (text: string) => DecodedEvents>> = {
  "application/json": (text) => fromJson(parse(text)),
  "application/x-ndjson": (text) => ({ events: parseNdjson(text), tell: asIs }),
  "application/cloudevents+json": (text) => ({ events: [fromCloudEvent(parse(text))], tell: asCloudEvent }),
  "application/cloudevents-batch+json": (text) => {
    const batch = parse(text);
    if (!Array.isArray(batch)) throw refuse("BAD_INPUT", "A CloudEvents batch is a JSON array.");
    if (batch.length > MAX_EVENTS_PER_REQUEST)
      throw refuse("PAYLOAD_TOO_LARGE", `A request carries at most ${MAX_EVENTS_PER_REQUEST} events.`);
    return { events: batch.map(fromCloudEvent), tell: asCloudEvent };
  },
};

/** Media types events are taken in. */
export const EVENT_MEDIA_TYPES: readonly string[] = Object.keys(decoders);

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes a body by its media type; refuses (400, 413, 415) what is no list of events at all. */
export const decodeEvents = (contentType: string, body: Buffer): DecodedEvents => {
  const mediaType = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const decode = Object.hasOwn(decoders, mediaType) ? decoders[mediaType] : undefined;
  if (decode === undefined)
    throw refuse("UNSUPPORTED_MEDIA_TYPE", `Events are sent as ${EVENT_MEDIA_TYPES.join(", ")}.`);
  let text: string;
  try {
    text = UTF8.decode(body);
  } catch (error) {
    throw refuse("BAD_INPUT", "The body is not UTF-8.", {}, error);
  }
  return decode(text);
};
