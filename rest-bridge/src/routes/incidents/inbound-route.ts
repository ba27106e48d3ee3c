import { refuse } from "@tessera/platform/errors/refusal";
import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { HttpServer } from "@tessera/platform/http/server";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { inboundDescription } from "./description.ts";
import { createInboundLimits } from "./inbound-limits.ts";

/** What became of what a provider sent. */
export type ReceivedProviderEvent =
  "TAKEN" | "KNOWN" | "NOTHING" | "UNKNOWN_ENDPOINT" | "WRONG_SIGNATURE" | "NOT_READABLE";

/** Takes what a provider sent to the address of a channel, as it was sent: whose it is the address says, and who sent it the signature. */
export type ReceiveProviderEvent = (sent: {
  readonly endpoint: string;
  readonly signatures: string;
  readonly body: string;
}) => Promise<ReceivedProviderEvent>;

/** Bytes of a body: PagerDuty's have some thousand. */
const MAX_BODY_BYTES = 131_072;
const path = z.object({ endpoint: z.string() });
/** What says that somebody guesses. */
const REFUSED: ReadonlySet<ReceivedProviderEvent> = new Set(["UNKNOWN_ENDPOINT", "WRONG_SIGNATURE", "NOT_READABLE"]);

const answerOf = (outcome: ReceivedProviderEvent): { readonly outcome: string } => {
  switch (outcome) {
    case "UNKNOWN_ENDPOINT":
      throw refuse("NOT_FOUND", "No channel has this address.", { field: "endpoint" });
    case "WRONG_SIGNATURE":
      throw refuse("UNAUTHENTICATED", "The body is not signed by the secret of this address.");
    case "NOT_READABLE":
      throw refuse("BAD_INPUT", "The body is no webhook of PagerDuty (V3).", { field: "event" });
    default:
      return { outcome: outcome.toLowerCase() };
  }
};

/** Adds POST /api/v2/incidents/inbound/pagerduty/{endpoint}: it reads bodies as they are, because what is signed is the very text; 429 beyond {@link createInboundLimits}. */
export const registerInbound = (
  server: HttpServer,
  deps: {
    readonly receiveProviderEvent: ReceiveProviderEvent;
    readonly clientAddress: ClientAddress;
    readonly nowMs: NowMs;
  },
): void => {
  const limits = createInboundLimits(deps.nowMs);
  void server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/json",
      { parseAs: "string", bodyLimit: MAX_BODY_BYTES },
      (_request, body, parsed) => {
        parsed(null, body);
      },
    );
    scope.post(
      inboundDescription.path.replace("{endpoint}", ":endpoint"),
      { bodyLimit: MAX_BODY_BYTES },
      async (request, reply) => {
        const { endpoint } = path.parse(request.params);
        const client = deps.clientAddress(request);
        limits.admit(endpoint, client);
        const signatures = request.headers["x-pagerduty-signature"];
        const body = typeof request.body === "string" ? request.body : "";
        const outcome = await deps.receiveProviderEvent({
          ...{ endpoint, body, signatures: typeof signatures === "string" ? signatures : "" },
        });
        if (REFUSED.has(outcome)) limits.refused(client);
        return reply.code(202).header("cache-control", "no-store").send(answerOf(outcome));
      },
    );
    done();
  });
};
