import type { Permission } from "@tessera/contracts/permissions";
import { z } from "zod";
import { checked } from "../checked.ts";
import { ORDERINGS, type EndpointDefinition } from "./endpoint.ts";
import { findEventType, webhookEventTypes } from "./event-types.ts";
import type { WebhookEventType } from "./event-type.ts";

/** One thing wrong with what was asked. */
export interface WebhookProblem {
  readonly field: string;
  readonly message: string;
}

/** Who asks, as far as it decides what their endpoints may be told. */
export interface Reader {
  readonly permissions: ReadonlySet<Permission>;
  /** Whether a data policy hides some of the tenant's events from them. */
  readonly isRestricted: boolean;
}

const MAX_DESCRIPTION = 500;
const MAX_HEADERS = 10;
const MAX_HEADER_VALUE = 1_000;
const MAX_LABELS = 10;
const MAX_LABEL_NAME = 100;
const MAX_LABEL_VALUE = 200;
/** Requests a minute an endpoint may be sent: up to a hundred a second. */
const MAX_RATE = 6_000;
/** Requests a minute unless said otherwise: ten a second. */
export const DEFAULT_RATE = 600;

/** Header fields that may be named: those that receivers tell callers by. What speaks of the connection or of proxies is none of them. */
const ALLOWED_HEADER =
  /^(?:authorization|cf-access-client-id|cf-access-client-secret|x-(?!forwarded|real-ip|original|rewrite|http-method|client-ip|cluster|amz|envoy|host)[a-z0-9-]{1,60})$/;
/** What a header field's value may be: printable ASCII without blanks at its ends. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const definitionSchema = z.object({
  url: z.string().trim().min(1).max(2_048),
  description: z
    .string()
    .trim()
    .max(MAX_DESCRIPTION)
    .nullish()
    .transform((text) => (text === undefined || text === "" ? null : text)),
  eventTypes: z
    .array(z.string())
    .max(webhookEventTypes.length)
    .default([])
    .transform((names) => [...new Set(names)]),
  labels: z
    .array(z.object({ name: z.string().min(1).max(MAX_LABEL_NAME), value: z.string().max(MAX_LABEL_VALUE) }))
    .max(MAX_LABELS)
    .default([]),
  headers: z
    .array(
      z.object({
        name: z
          .string()
          .toLowerCase()
          .regex(
            ALLOWED_HEADER,
            "This header field can't be set: authorization, cf-access-* and x-* can, but none that proxies set.",
          ),
        value: z.string().max(MAX_HEADER_VALUE).regex(HEADER_VALUE, "A header field's value is printable ASCII."),
      }),
    )
    .max(MAX_HEADERS)
    .default([])
    .transform((headers) => Object.fromEntries(headers.map(({ name, value }) => [name, value]))),
  ordering: z.enum(ORDERINGS).default("NONE"),
  ratePerMinute: z.number().int().min(1).max(MAX_RATE).default(DEFAULT_RATE),
});

/** Whether somebody may be told messages of a type. */
export const mayRead = ({ permissions, isRestricted }: Reader, type: WebhookEventType): boolean =>
  permissions.has(type.permission) && !(type.ofWholeTenant && isRestricted);

const problemsOfTypes = (names: readonly string[], reader: Reader): readonly WebhookProblem[] =>
  names.flatMap((name, place): readonly WebhookProblem[] => {
    const field = `eventTypes.${place}`;
    const type = findEventType(name);
    if (type === null)
      return [{ field, message: `There is no type ${JSON.stringify(name)}; \`webhookEventTypes\` lists them.` }];
    if (mayRead(reader, type)) return [];
    const message = reader.permissions.has(type.permission)
      ? `${name} tells of all of the tenant's events, of which a data policy hides some from you.`
      : `${name} needs the permission ${type.permission}, which you don't have.`;
    return [{ field, message }];
  });

/** A definition that makes sense, or everything that is wrong with it. */
export type CheckedEndpoint =
  | { readonly valid: true; readonly value: EndpointDefinition }
  | { readonly valid: false; readonly problems: readonly WebhookProblem[] };

/** Checks what somebody says of an endpoint; whether its address can be sent to is asked elsewhere. */
export const checkEndpoint = (input: unknown, reader: Reader): CheckedEndpoint => {
  const result = checked(definitionSchema.safeParse(input));
  if (!result.valid) return result;
  const problems = problemsOfTypes(result.value.eventTypes, reader);
  return problems.length > 0 ? { valid: false, problems } : result;
};
