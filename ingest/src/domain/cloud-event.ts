import { isUuid } from "@tessera/contracts/ids";
import { v5 as uuidV5 } from "uuid";
import { EVENT_FIELDS } from "./event-schema.ts";
import { rejection, UnreadableEvent } from "./rejection.ts";

/** Namespace of event ids made from names (RFC 9562, version 5); fixed for ever, so that the same name always gives the same id. */
const NAMESPACE = "6f1ad5a4-60e1-5b0e-9d0c-6a6b1f0f2c11";

/** The event id that stands for a name, the same in every process and at every time. */
export const idFromName = (name: string): string => uuidV5(name, NAMESPACE);

/** Members of `data` that become fields of the event; those with a meaning in the envelope (id, name, time, source) are not among them. */
const DATA_FIELDS = new Set(
  EVENT_FIELDS.filter((field) => !["id", "name", "time", "source", "properties"].includes(field)),
);
/** Extension attributes are lower case only (CloudEvents 1.0, "Naming conventions"): `userid` stands for `userId`. */
const EXTENSION_FIELDS = new Map([...DATA_FIELDS].map((field) => [field.toLowerCase(), field]));
const ENVELOPE = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "subject",
  "datacontenttype",
  "dataschema",
  "data",
  "data_base64",
]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const unreadable = (path: string, reason: string) => new UnreadableEvent(rejection("WRONG_VALUE", path, reason));
const missing = (name: string) =>
  new UnreadableEvent(rejection("MISSING_FIELD", `/${name}`, `A CloudEvent needs the attribute "${name}".`));

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;

const envelopeProblem = (event: Record<string, unknown>): UnreadableEvent | null => {
  if (event["specversion"] !== "1.0") return unreadable("/specversion", 'specversion must be "1.0".');
  for (const name of ["id", "source", "type"]) {
    const value = event[name];
    if (value === undefined) return missing(name);
    if (typeof value !== "string" || value === "")
      return unreadable(`/${name}`, `${name} must be a text that is not empty.`);
  }
  if ("data_base64" in event)
    return unreadable("/data_base64", "Binary data is not an event's properties; send JSON in data.");
  const contentType = event["datacontenttype"];
  if (typeof contentType === "string" && !JSON_TYPE.test(contentType))
    return unreadable("/datacontenttype", "data must be JSON.");
  return null;
};

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

const fromExtensions = (
  event: Record<string, unknown>,
  fields: Record<string, unknown>,
  properties: Record<string, unknown>,
) => {
  for (const [name, value] of Object.entries(event)) {
    if (ENVELOPE.has(name)) continue;
    const field = EXTENSION_FIELDS.get(name);
    const [, traceId] = name === "traceparent" && typeof value === "string" ? (TRACEPARENT.exec(value) ?? []) : [];
    if (traceId !== undefined) fields["traceId"] = traceId;
    else if (field === undefined) properties[name] = value;
    else fields[field] = value;
  }
};

const fromData = (data: unknown, fields: Record<string, unknown>, properties: Record<string, unknown>) => {
  if (data === undefined || data === null) return;
  if (!isRecord(data)) properties["data"] = data;
  else
    for (const [name, value] of Object.entries(data)) {
      if (name === "properties" && isRecord(value)) Object.assign(properties, value);
      else if (DATA_FIELDS.has(name)) fields[name] = value;
      else properties[name] = value;
    }
};

/**
 * Maps a CloudEvent 1.0 (JSON format) to an event: type -> name, time and source as they are, id as it is when it is a UUID and else a UUID
 * made from source and id; extension attributes and members of `data` that are named like an event's field become that field,
 * everything else (subject and dataschema too) becomes a property.
 */
export const fromCloudEvent = (raw: unknown): unknown => {
  if (!isRecord(raw)) return new UnreadableEvent(rejection("NOT_AN_OBJECT", "", "A CloudEvent is a JSON object."));
  const problem = envelopeProblem(raw);
  if (problem !== null) return problem;
  const fields: Record<string, unknown> = {};
  const properties: Record<string, unknown> = {};
  fromExtensions(raw, fields, properties);
  fromData(raw["data"], fields, properties);
  for (const name of ["subject", "dataschema"]) if (raw[name] !== undefined) properties[name] = raw[name];
  const [id, source] = [String(raw["id"]), String(raw["source"])];
  return {
    ...fields,
    id: isUuid(id) ? id : idFromName(JSON.stringify([source, id])),
    name: raw["type"],
    source,
    ...(raw["time"] === undefined ? {} : { time: raw["time"] }),
    properties,
  };
};

/** Where in the CloudEvent the part of the mapped event lies that a rejection names. */
export const cloudEventPath = (path: string): string => {
  const [, first = "", ...rest] = path.split("/");
  if (first === "name") return "/type";
  if (first === "properties") return ["/data", ...rest].join("/");
  return DATA_FIELDS.has(first) ? `/data${path}` : path;
};
