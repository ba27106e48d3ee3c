import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Provider } from "oidc-provider";
import { parseTenantId, parseUserId, type TenantId, type UserId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { metadataOf } from "../provider/client-metadata.ts";
import type { Asker } from "./sign-in-pages.ts";

/** Where interactions find the authorization server of the moment. */
export interface InteractionDeps {
  /** Null before it is up. */
  readonly provider: () => Provider | null;
  /** Makes a request look as it was sent to the configured address. */
  readonly readdress: (request: IncomingMessage) => void;
}

type Details = Awaited<ReturnType<Provider["interactionDetails"]>>;

/** A person in the middle of an authorization request. */
export interface Interaction {
  readonly provider: Provider;
  readonly details: Details;
  readonly asker: Asker;
  readonly tenantId: TenantId;
  /** Who is signed in already; null when nobody is. */
  readonly userId: UserId | null;
  readonly redirectUri: string | null;
}

const uidParam = z.object({ uid: z.string().regex(/^[A-Za-z0-9_-]{10,64}$/) });
const missing = z.object({
  missingOIDCScope: z.array(z.string()).default([]),
  missingOIDCClaims: z.array(z.string()).default([]),
  missingResourceScopes: z.record(z.string(), z.array(z.string())).default({}),
});

/** The interaction a request belongs to: its cookie and its address name the same one; null when it ended or never was. */
export const readInteraction = async (
  deps: InteractionDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Interaction | null> => {
  const provider = deps.provider();
  if (provider === null) throw refuse("OVERLOADED", "The authorization server is starting.", { retryAfterSeconds: 1 });
  deps.readdress(request.raw);
  const asked = uidParam.safeParse(request.params);
  const details = await provider.interactionDetails(request.raw, reply.raw).catch(() => null);
  if (!asked.success || details === null || details.uid !== asked.data.uid) return null;
  const client = await provider.Client.find(String(details.params["client_id"]));
  const tenantId = parseTenantId(metadataOf(client, "tenant_id"));
  if (client === undefined || tenantId === null) return null;
  const redirect = details.params["redirect_uri"];
  return {
    provider,
    details,
    tenantId,
    userId: parseUserId(details.session?.accountId ?? ""),
    asker: { clientName: client.clientName ?? client.clientId, tenantName: metadataOf(client, "tenant_name") },
    redirectUri: typeof redirect === "string" ? redirect : null,
  };
};

/** The scopes a consent page asks about: those not agreed to yet or, when the client asks once more about the same, all it wants. */
export const askedScopes = ({ details }: Interaction): readonly string[] => {
  const { missingOIDCScope, missingResourceScopes } = missing.parse(details.prompt.details);
  const open = [...new Set([...missingOIDCScope, ...Object.values(missingResourceScopes).flat()])];
  const wanted = details.params["scope"];
  return open.length === 0 && typeof wanted === "string" ? wanted.split(" ").filter((scope) => scope !== "") : open;
};

/** Keeps what the person allowed: exactly what the page asked about. Answers the grant's id. */
export const grantWhatWasAsked = async ({ provider, details }: Interaction, userId: UserId): Promise<string> => {
  const clientId = String(details.params["client_id"]);
  const known = details.grantId === undefined ? undefined : await provider.Grant.find(details.grantId);
  const grant = known ?? new provider.Grant({ accountId: userId, clientId });
  const wanted = missing.parse(details.prompt.details);
  if (wanted.missingOIDCScope.length > 0) grant.addOIDCScope(wanted.missingOIDCScope.join(" "));
  if (wanted.missingOIDCClaims.length > 0) grant.addOIDCClaims(wanted.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(wanted.missingResourceScopes))
    grant.addResourceScope(resource, scopes.join(" "));
  return grant.save();
};

/** Ends an interaction with its result and sends the browser back to the authorization request. */
export const finishInteraction = async (
  { provider }: Interaction,
  request: FastifyRequest,
  reply: FastifyReply,
  result: Parameters<Provider["interactionResult"]>[2],
): Promise<FastifyReply> => {
  const to = await provider.interactionResult(request.raw, reply.raw, result, {
    mergeWithLastSubmission: "consent" in result,
  });
  return reply.header("cache-control", "no-store").redirect(to, 303);
};
