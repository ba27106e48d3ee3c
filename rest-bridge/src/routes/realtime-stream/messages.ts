import { Type, type Static } from "typebox";
import { metricsSchema } from "../../answers/metrics.ts";
import { warningsSchema } from "../../answers/warnings.ts";

/** Characters a credential may have; keys and tokens are shorter. */
const MAX_CREDENTIAL = 8_192;
/** Characters of a cursor the graph gives out. */
const MAX_CURSOR = 512;

const auth = Type.Object(
  {
    type: Type.Literal("auth"),
    authorization: Type.String({
      minLength: 1,
      maxLength: MAX_CREDENTIAL,
      description: "`Bearer <API key or token>`, or `DPoP <token>` with `dpop`.",
    }),
    dpop: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_CREDENTIAL,
        description: "Proof for a credential that is bound to a key (RFC 9449), made for GET of the stream's address.",
      }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: MAX_CURSOR, description: "Cursor of the last message seen, to go on from there." }),
    ),
  },
  {
    title: "StreamAuth",
    description:
      "The first message when the handshake carried no Authorization header; later ones renew the credential.",
    additionalProperties: false,
  },
);
const ping = Type.Object(
  { type: Type.Literal("ping") },
  { title: "StreamPing", description: "Asks for a pong.", additionalProperties: false },
);

/** What a client may send. */
export const clientMessageSchema = Type.Union([auth, ping], { title: "StreamClientMessage" });

/** A message of a client. */
export type ClientMessage = Static<typeof clientMessageSchema>;

const ready = Type.Object(
  {
    type: Type.Literal("ready"),
    tenant_id: Type.String({ format: "uuid", description: "The caller's tenant." }),
    timeframe: Type.String({ description: "How far each message looks back." }),
    heartbeat_seconds: Type.Number({
      description: "Seconds between heartbeats; silence for twice as long means a cut.",
    }),
  },
  { title: "StreamReady", description: "The credential was accepted." },
);
const metrics = Type.Object(
  {
    type: Type.Literal("metrics"),
    cursor: Type.String({ description: "Where to go on after a cut." }),
    skipped: Type.Integer({
      minimum: 0,
      description: "Older messages left out because the reader was slow; each message is complete, so none is missed.",
    }),
    data: metricsSchema,
    warnings: warningsSchema,
  },
  { title: "StreamMetrics", description: "The metrics of the present moment, sent when they changed." },
);
const heartbeat = Type.Object(
  { type: Type.Literal("heartbeat"), at: Type.String({ format: "date-time", description: "The server's clock." }) },
  {
    title: "StreamHeartbeat",
    description: "Sent in regular intervals, so that a cut is noticed while nothing happens.",
  },
);
const pong = Type.Object({ type: Type.Literal("pong") }, { title: "StreamPong", description: "Answer to a ping." });
const error = Type.Object(
  { type: Type.Literal("error"), problem: Type.Ref("Problem") },
  { title: "StreamError", description: "Why the socket is closed right after this message." },
);

/** What the server sends. */
export const serverMessageSchema = Type.Union([ready, metrics, heartbeat, pong, error], {
  title: "StreamServerMessage",
});
