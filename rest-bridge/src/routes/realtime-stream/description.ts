import { Type } from "typebox";
import type { RouteDescription } from "../../http/route-description.ts";
import { realtimeParameters } from "../realtime-metrics/description.ts";
import { CLOSE } from "./close-codes.ts";
import { clientMessageSchema, serverMessageSchema } from "./messages.ts";

const query = Type.Object(
  {
    ...realtimeParameters,
    cursor: Type.Optional(
      Type.String({
        maxLength: 512,
        description: "Cursor of the last message seen before a cut, to go on from there.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** WebSocket /api/v2/analytics/realtime/stream. */
export const realtimeStreamDescription = {
  method: "get",
  path: "/api/v2/analytics/realtime/stream",
  operationId: "streamRealtimeMetrics",
  tag: "Analytics",
  summary: "What happens right now, as it happens (WebSocket)",
  graphql: "Subscription.realtimeMetrics",
  description: [
    "A WebSocket of JSON messages. The credential comes in the Authorization header of the handshake or in the first message; never in the URL.",
    "Every close follows a message of type `error` with the problem, and has a code:",
    `${CLOSE.goingAway} the server is leaving, ${CLOSE.tryAgainLater} try again later, ${CLOSE.badRequest} the request is not valid,`,
    `${CLOSE.unauthorized} the caller is not known, ${CLOSE.forbidden} the credential expired or may not read this, ${CLOSE.authTimeout} no credential`,
    `came in time, ${CLOSE.tooMany} too many streams are open, ${CLOSE.internal} something went wrong on our side.`,
  ].join(" "),
  query,
  answers: { 101: { description: "The socket is open." } },
  refusals: ["CREDENTIAL_IN_URL"],
  authenticated: true,
  messages: { fromClient: clientMessageSchema, fromServer: serverMessageSchema },
} as const satisfies RouteDescription<typeof query>;
