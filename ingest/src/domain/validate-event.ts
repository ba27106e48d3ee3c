import { Ajv, type ErrorObject } from "ajv";
import addFormatsModule from "ajv-formats";
import type { EventId } from "@tessera/contracts/ids";
import { EVENT_FIELDS, eventSchema, type RawEvent } from "./event-schema.ts";
import { isCurrency, scaleRevenue } from "./money.ts";
import { nearestName } from "./nearest-name.ts";
import { isPlainEvent } from "./plain-event.ts";
import { checkProperties } from "./properties.ts";
import { rejection, UnreadableEvent, type Rejection, type RejectionCode } from "./rejection.ts";
import { parseRfc3339 } from "./rfc3339.ts";
import { judgeTime, type QualityFlag } from "./time-policy.ts";

/** An event that passed every check, ready to be encoded: the checked fields, and what was derived from them. */
export interface PreparedEvent {
  readonly eventId: EventId;
  /** True when the id was made here: nobody can have sent it before. */
  readonly idGenerated: boolean;
  readonly timeMs: number;
  readonly fields: RawEvent;
  /** About the characters of `properties` as JSON text. */
  readonly propertiesLength: number;
  /** Ten-thousandths; null when the event carries no revenue. */
  readonly revenueScaled: number | null;
  readonly flags: readonly QualityFlag[];
}

/** Time and ids as validation needs them. */
export interface PrepareContext {
  readonly nowMs: number;
  readonly newId: () => string;
}

/** What became of one raw event. */
export type Prepared = { readonly event: PreparedEvent } | { readonly rejection: Rejection };

// boundary: the package is CommonJS; under ESM its default export is the module object that carries the function as `default`.
const addFormats = addFormatsModule.default;

// Lengths count UTF-16 units: counting characters costs a quarter of the validation, and the limits need no such precision.
const ajv = new Ajv({ allErrors: false, strict: true, allowUnionTypes: true, unicode: false, logger: false });
addFormats(ajv, { mode: "fast", formats: ["uuid"] });
const isRawEvent = ajv.compile<RawEvent>(eventSchema);

const CODES: Readonly<Record<string, RejectionCode>> = {
  additionalProperties: "UNKNOWN_FIELD",
  required: "MISSING_FIELD",
  type: "WRONG_TYPE",
  format: "WRONG_FORMAT",
  pattern: "WRONG_FORMAT",
  minLength: "TOO_SHORT",
  maxLength: "TOO_LONG",
  minimum: "OUT_OF_RANGE",
  maximum: "OUT_OF_RANGE",
};

const unknownField = (name: string): Rejection => {
  const meant = nearestName(name, EVENT_FIELDS);
  const shown = name.length > 60 ? `${name.slice(0, 60)}...` : name;
  const hint = meant === null ? "Put fields of your own into properties." : `Did you mean "${meant}"?`;
  return rejection(
    "UNKNOWN_FIELD",
    `/${shown.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    `There is no field "${shown}". ${hint}`,
  );
};

const fromSchema = (error: ErrorObject): Rejection => {
  if (error.keyword === "type" && error.instancePath === "")
    return rejection("NOT_AN_OBJECT", "", "An event is a JSON object.");
  const name: unknown = error.params["additionalProperty"] ?? error.params["missingProperty"];
  if (error.keyword === "additionalProperties" && typeof name === "string") return unknownField(name);
  if (error.keyword === "required" && typeof name === "string")
    return rejection("MISSING_FIELD", `/${name}`, `An event needs the field "${name}".`);
  const field = error.instancePath.slice(1);
  const what = error.keyword === "pattern" ? "must not hold control characters" : (error.message ?? "is not valid");
  return rejection(CODES[error.keyword] ?? "WRONG_VALUE", error.instancePath, `${field} ${what}.`);
};

const schemaRejection = (): Rejection => {
  const [error] = isRawEvent.errors ?? [];
  return error === undefined ? rejection("WRONG_VALUE", "", "The event is not valid.") : fromSchema(error);
};

const NO_FLAGS: readonly QualityFlag[] = [];

/** Event time and what is noted on it; the present when the event names none. */
const timeOf = (
  raw: RawEvent,
  nowMs: number,
): { readonly timeMs: number; readonly flag: QualityFlag | null } | { readonly rejection: Rejection } => {
  if (raw.time === undefined || raw.time === null) return { timeMs: nowMs, flag: "TIME_DEFAULTED" };
  const timeMs = parseRfc3339(raw.time);
  if (Number.isNaN(timeMs))
    return {
      rejection: rejection(
        "WRONG_FORMAT",
        "/time",
        "time is an RFC 3339 date-time with an offset, like 2026-03-01T12:00:00Z.",
      ),
    };
  const verdict = judgeTime(timeMs, nowMs);
  if (verdict.kind === "REJECTED") return verdict;
  return { timeMs, flag: verdict.kind === "FLAGGED" ? verdict.flag : null };
};

const NO_PROPERTIES = { length: 2 };

const checked = (raw: RawEvent, context: PrepareContext): Prepared => {
  const time = timeOf(raw, context.nowMs);
  if ("rejection" in time) return time;
  if (raw.currency !== undefined && raw.currency !== null && !isCurrency(raw.currency))
    return {
      rejection: rejection("WRONG_VALUE", "/currency", "currency is a code of ISO 4217 in capitals, like EUR."),
    };
  const revenue = raw.revenue === undefined || raw.revenue === null ? { scaled: null } : scaleRevenue(raw.revenue);
  if ("rejection" in revenue) return revenue;
  const properties =
    raw.properties === undefined || raw.properties === null ? NO_PROPERTIES : checkProperties(raw.properties);
  if ("rejection" in properties) return properties;
  const idGenerated = raw.id === undefined || raw.id === null;
  const eventId = (raw.id ?? context.newId()).toLowerCase() as EventId; // boundary: the schema has checked that it is a UUID.
  const flags: readonly QualityFlag[] =
    time.flag === null && !idGenerated
      ? NO_FLAGS
      : [...(idGenerated ? (["ID_GENERATED"] as const) : []), ...(time.flag === null ? [] : [time.flag])];
  return {
    event: {
      eventId,
      idGenerated,
      timeMs: time.timeMs,
      fields: raw,
      propertiesLength: properties.length,
      revenueScaled: revenue.scaled,
      flags,
    },
  };
};

/** Checks one raw event (parsed JSON, or an {@link UnreadableEvent}) against the schema and every policy. Pure but for `newId`. */
export const prepareEvent = (raw: unknown, context: PrepareContext): Prepared => {
  if (raw instanceof UnreadableEvent) return { rejection: raw.rejection };
  return isPlainEvent(raw) || isRawEvent(raw) ? checked(raw, context) : { rejection: schemaRejection() };
};
