import type { Permission } from "@tessera/contracts/permissions";
import { z } from "zod";

/** What a message tells, before it is written as a body. */
export interface Told {
  /** When it happened, milliseconds since the epoch; null: when it was read from the log. */
  readonly occurredAtMs: number | null;
  readonly data: Readonly<Record<string, unknown>>;
  /** Names what it is about: messages of one subject can be received in order. */
  readonly subject: string;
  /** What endpoints filter by. */
  readonly labels: Readonly<Record<string, string>>;
}

/** One type of message that webhooks tell: a row of the catalogue. */
export interface WebhookEventType {
  /** Full-stop delimited, as Standard Webhooks asks for. */
  readonly name: string;
  /** Grows when the data's shape changes in a way that readers of the former would stumble over. */
  readonly version: number;
  readonly sentence: string;
  /** What an endpoint's owner must hold to receive it: the same that reading it in the graph asks for. */
  readonly permission: Permission;
  /** True for what tells of all of the tenant's events: not for owners under a data policy. */
  readonly ofWholeTenant: boolean;
  /** Topic of the event log it comes from; null for what no entry of the log brings. */
  readonly topic: string | null;
  /** JSON Schema (draft 2020-12) of `data`. */
  readonly schema: () => Readonly<Record<string, unknown>>;
  /** A message as it might be. */
  readonly example: () => Told;
  /** Fields of `data` that stay when the body would be too large. */
  readonly ids: readonly string[];
  /** A question to the graph that reads the rest of it. */
  readonly question: (data: Readonly<Record<string, unknown>>) => string;
  /** What an entry of the topic tells; null when it is none of this type. Throws when the entry is not what the topic promises. */
  readonly tell: (payload: unknown) => Told | null;
}

/** A moment as RFC 3339 in UTC. */
export const moment = (ms: number): string => new Date(ms).toISOString();
/** A moment that may not be. */
export const momentOrNull = (ms: number | null): string | null => (ms === null ? null : moment(ms));

/** A moment in a message's data. */
export const momentField = (description: string) => z.iso.datetime().meta({ description });
/** A UUID in a message's data. */
export const idField = (description: string) => z.uuid().meta({ description });
/** A text in a message's data. */
export const textField = (description: string) => z.string().meta({ description });

/** What a row of the catalogue is made of. */
interface Definition<Payload, Data extends Readonly<Record<string, unknown>>> {
  readonly name: string;
  readonly version?: number;
  readonly sentence: string;
  readonly permission: Permission;
  readonly ofWholeTenant?: boolean;
  readonly topic: string | null;
  readonly payload: z.ZodType<Payload>;
  readonly data: z.ZodType<Data>;
  readonly read: (payload: Payload) => Data | null;
  readonly at: (payload: Payload) => number | null;
  readonly subject: (payload: Payload) => string;
  /** Texts of the data by their names, unless given. */
  readonly labels?: (payload: Payload) => Readonly<Record<string, string>>;
  readonly ids: readonly (keyof Data & string)[];
  readonly question: (data: Readonly<Record<string, unknown>>) => string;
  readonly example: Payload;
}

const textsOf = (data: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === "string"));

/** Makes a row of the catalogue; its example is what it tells of an example entry. */
export const eventType = <Payload, Data extends Readonly<Record<string, unknown>>>(
  definition: Definition<Payload, Data>,
): WebhookEventType => {
  const { payload, data, read, at, subject, labels, example, version, ofWholeTenant, ...same } = definition;
  const told = (entry: Payload): Told | null => {
    const read_ = read(entry);
    if (read_ === null) return null;
    return { occurredAtMs: at(entry), data: read_, subject: subject(entry), labels: labels?.(entry) ?? textsOf(read_) };
  };
  return {
    ...same,
    version: version ?? 1,
    ofWholeTenant: ofWholeTenant ?? false,
    schema: () => z.toJSONSchema(data),
    example: () => {
      const shown = told(example);
      if (shown === null) throw new Error(`The example of ${definition.name} is none of its type.`);
      return shown;
    },
    tell: (entry) => told(payload.parse(entry)),
  };
};
