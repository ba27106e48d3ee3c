import { MAX_ID_LENGTH, MAX_LABEL_LENGTH, MAX_NAME_LENGTH, MAX_URL_LENGTH } from "./limits.ts";

const text = (maxLength: number) => ({ type: "string", maxLength, nullable: true }) as const;
const id = text(MAX_ID_LENGTH);
const label = text(MAX_LABEL_LENGTH);
const url = text(MAX_URL_LENGTH);

/** Largest schema version: the column has 32 bits. */
const MAX_SCHEMA_VERSION = 4_294_967_295;

/** JSON Schema of one event as it is sent; `null` means the same as leaving an optional field out. */
export const eventSchema = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    // The length keeps out the other form that the format allows, "urn:uuid:...".
    id: { type: "string", maxLength: 36, format: "uuid", nullable: true },
    // No control characters: a name is shown in every chart and written to every export.
    name: { type: "string", minLength: 1, maxLength: MAX_NAME_LENGTH, pattern: "^[^\\u0000-\\u001f\\u007f]*$" },
    time: { type: "string", minLength: 20, maxLength: 40, nullable: true },
    userId: id,
    anonymousId: id,
    sessionId: id,
    source: label,
    properties: { type: "object", nullable: true },
    revenue: { type: ["number", "string"], maxLength: 24, nullable: true },
    currency: { type: "string", minLength: 3, maxLength: 3, nullable: true },
    country: label,
    region: label,
    city: label,
    device: label,
    os: label,
    browser: label,
    url,
    referrer: url,
    utmSource: label,
    utmMedium: label,
    utmCampaign: label,
    utmTerm: label,
    utmContent: label,
    correlationId: id,
    traceId: id,
    schemaVersion: { type: "integer", minimum: 0, maximum: MAX_SCHEMA_VERSION, nullable: true },
    synthetic: { type: "boolean", nullable: true },
  },
} as const;

/** Names of all fields of an event, in the order of the schema. */
export const EVENT_FIELDS: readonly string[] = Object.keys(eventSchema.properties);

type Maybe<T> = T | null | undefined;

/** An event after the schema has checked it. */
export interface RawEvent {
  readonly id?: Maybe<string>;
  readonly name: string;
  readonly time?: Maybe<string>;
  readonly userId?: Maybe<string>;
  readonly anonymousId?: Maybe<string>;
  readonly sessionId?: Maybe<string>;
  readonly source?: Maybe<string>;
  readonly properties?: Maybe<object>;
  readonly revenue?: Maybe<number | string>;
  readonly currency?: Maybe<string>;
  readonly country?: Maybe<string>;
  readonly region?: Maybe<string>;
  readonly city?: Maybe<string>;
  readonly device?: Maybe<string>;
  readonly os?: Maybe<string>;
  readonly browser?: Maybe<string>;
  readonly url?: Maybe<string>;
  readonly referrer?: Maybe<string>;
  readonly utmSource?: Maybe<string>;
  readonly utmMedium?: Maybe<string>;
  readonly utmCampaign?: Maybe<string>;
  readonly utmTerm?: Maybe<string>;
  readonly utmContent?: Maybe<string>;
  readonly correlationId?: Maybe<string>;
  readonly traceId?: Maybe<string>;
  readonly schemaVersion?: Maybe<number>;
  readonly synthetic?: Maybe<boolean>;
}
