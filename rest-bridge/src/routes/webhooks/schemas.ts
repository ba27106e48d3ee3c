import { Type } from "typebox";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";

/** How webhooks are signed and put in order, and where deliveries stand, as REST writes it. */
export const SIGNATURES = ["hmac_sha256", "ed25519"] as const;
/** See {@link SIGNATURES}. */
export const ORDERINGS = ["none", "subject", "all"] as const;
/** See {@link SIGNATURES}. */
export const DELIVERY_STATES = ["waiting", "behind", "delivered", "dead", "skipped"] as const;
/** Characters of an address, a text and a name, and members of a list. */
const [MAX_URL, MAX_TEXT, MAX_NAME, MAX_LISTED] = [2_000, 2_000, 200, 200];

const endpoint = (name: string) => from(`WebhookEndpoint.${name}`);
const secret = (name: string) => from(`WebhookSecret.${name}`);
const shown = (name: string) => from(`WebhookSecretShown.${name}`);
const stats = (name: string) => from(`WebhookEndpointStats.${name}`);
const delivery = (name: string) => from(`WebhookDelivery.${name}`);
const attempt = (name: string) => from(`WebhookAttempt.${name}`);
const text = (options: ReturnType<typeof from>) => orNull(Type.String(), options);
const momentOrNull = (options: ReturnType<typeof from>) => orNull(moment(), options);
const number = (options: ReturnType<typeof from>) => orNull(Type.Number(), options);

/** An endpoint as it stands, without its secrets themselves. */
export const endpointSchema = Type.Object(
  {
    ...{ id: Type.String(endpoint("id")), url: Type.String(endpoint("url")) },
    description: text(endpoint("description")),
    event_types: Type.Array(Type.String(), endpoint("eventTypes")),
    labels: Type.Array(
      Type.Object({ name: Type.String(from("WebhookLabel.name")), value: Type.String(from("WebhookLabel.value")) }),
      endpoint("labels"),
    ),
    header_names: Type.Array(Type.String(), endpoint("headerNames")),
    ordering: Type.Enum([...ORDERINGS], endpoint("ordering")),
    rate_per_minute: Type.Integer(endpoint("ratePerMinute")),
    state: Type.Enum(["active", "paused", "disabled"], endpoint("state")),
    disabled_reason: orNull(Type.Enum(["gone", "only_failures"]), endpoint("disabledReason")),
    state_changed_at: moment(endpoint("stateChangedAt")),
    failing_since: momentOrNull(endpoint("failingSince")),
    failures_in_row: Type.Integer(endpoint("failuresInRow")),
    blocked_until: momentOrNull(endpoint("blockedUntil")),
    last_success_at: momentOrNull(endpoint("lastSuccessAt")),
    owner: Type.Object(
      { kind: Type.String(from("AnomalyActor.kind")), id: Type.String(from("AnomalyActor.id")) },
      endpoint("owner"),
    ),
    secrets: Type.Array(
      Type.Object({
        ...{ id: Type.String(secret("id")), kind: Type.Enum([...SIGNATURES], secret("kind")) },
        public_key: text(secret("publicKey")),
        ...{ created_at: moment(secret("createdAt")), expires_at: momentOrNull(secret("expiresAt")) },
      }),
      endpoint("secrets"),
    ),
    stats: Type.Object(
      {
        ...{ waiting: Type.Integer(stats("waiting")), delivered: Type.Integer(stats("delivered")) },
        ...{ dead: Type.Integer(stats("dead")), attempts: Type.Integer(stats("attempts")) },
        failed_attempts: Type.Integer(stats("failedAttempts")),
        ...{ p50_ms: number(stats("p50Ms")), p95_ms: number(stats("p95Ms")) },
      },
      endpoint("stats"),
    ),
    version: Type.Integer(endpoint("version")),
    ...{ created_at: moment(endpoint("createdAt")), updated_at: moment(endpoint("updatedAt")) },
  },
  { ...from("WebhookEndpoint"), title: "WebhookEndpoint" },
);

/** An endpoint with the secrets that are shown this once. */
export const savedSchema = Type.Object(
  {
    endpoint: endpointSchema,
    secrets: Type.Array(
      Type.Object({
        ...{ id: Type.String(shown("id")), kind: Type.Enum([...SIGNATURES], shown("kind")) },
        ...{ secret: Type.String(shown("secret")), public_key: text(shown("publicKey")) },
      }),
      from("WebhookEndpointSaved.secrets"),
    ),
  },
  { ...from("WebhookEndpointSaved"), title: "WebhookEndpointSaved" },
);

/** A delivery with its attempts. */
export const deliverySchema = Type.Object(
  {
    ...{ id: Type.String(delivery("id")), endpoint_id: Type.String(delivery("endpointId")) },
    ...{ message_id: Type.String(delivery("messageId")), type: Type.String(delivery("type")) },
    body: text(delivery("body")),
    state: Type.Enum([...DELIVERY_STATES], delivery("state")),
    end_reason: text(delivery("endReason")),
    is_replay: Type.Boolean(delivery("isReplay")),
    created_at: moment(delivery("createdAt")),
    next_attempt_at: momentOrNull(delivery("nextAttemptAt")),
    ended_at: momentOrNull(delivery("endedAt")),
    attempts: Type.Array(
      Type.Object({
        ...{ number: Type.Integer(attempt("number")), started_at: moment(attempt("startedAt")) },
        elapsed_ms: Type.Integer(attempt("elapsedMs")),
        status: orNull(Type.Integer(), attempt("status")),
        ...{ fault: text(attempt("fault")), detail: Type.String(attempt("detail")) },
      }),
      delivery("attempts"),
    ),
  },
  { ...from("WebhookDelivery"), title: "WebhookDelivery" },
);

/** What is asked of an endpoint, by the name of the graph's input: each of them may be left out. */
export const askedParts = (input: "CreateWebhookEndpointInput" | "UpdateWebhookEndpointInput") => {
  const of = (name: string) => from(`${input}.${name}`);
  const pair = (type: "WebhookLabelInput" | "WebhookHeaderInput") =>
    Type.Object(
      {
        name: Type.String({ maxLength: MAX_NAME, ...from(`${type}.name`) }),
        value: Type.String({ maxLength: MAX_TEXT, ...from(`${type}.value`) }),
      },
      { additionalProperties: false },
    );
  return {
    url: Type.String({ maxLength: MAX_URL, ...of("url") }),
    description: Type.Optional(orNull(Type.String({ maxLength: MAX_TEXT }), of("description"))),
    event_types: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_LISTED, ...of("eventTypes") }),
    ),
    labels: Type.Optional(Type.Array(pair("WebhookLabelInput"), { maxItems: MAX_LISTED, ...of("labels") })),
    headers: Type.Optional(Type.Array(pair("WebhookHeaderInput"), { maxItems: MAX_LISTED, ...of("headers") })),
    ordering: Type.Optional(Type.Enum([...ORDERINGS], of("ordering"))),
    rate_per_minute: Type.Optional(Type.Integer(of("ratePerMinute"))),
  };
};
