import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpServer } from "@tessera/platform/http/server";
import { z } from "zod";
import { MAX_PASSWORD_LENGTH, TooManyHashes } from "../people/passwords.ts";
import type { PeopleStore } from "../people/people-store.ts";
import type { SignIn, SignInOutcome } from "../people/sign-in.ts";
import {
  askedScopes,
  finishInteraction,
  grantWhatWasAsked,
  readInteraction,
  type Interaction,
  type InteractionDeps,
} from "./interaction.ts";
import { errorPage } from "./provider-pages.ts";
import { sendPage, takeForms } from "./send-page.ts";
import { consentPage, signInPage } from "./sign-in-pages.ts";

/** What the sign-in and consent pages are served over. */
export interface InteractionRouteDeps extends InteractionDeps {
  readonly people: PeopleStore;
  readonly signIn: SignIn;
  readonly clientAddress: (request: IncomingMessage) => string;
}

const BASE = "/oauth/interaction/:uid";
const WRONG = "The email address or the password is not right.";
const TOO_MANY = "There were too many attempts. Wait a while and try again.";

const signInForm = z.object({
  email: z.string().max(254).default(""),
  password: z.string().max(MAX_PASSWORD_LENGTH).default(""),
});

type Handle = (interaction: Interaction, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const show =
  (deps: InteractionRouteDeps): Handle =>
  async (interaction, _request, reply) => {
    const { details, asker, tenantId, userId, redirectUri } = interaction;
    const person = userId === null ? null : await deps.people.find(tenantId, userId);
    if (details.prompt.name === "consent" && person !== null)
      return sendPage(reply, 200, consentPage(details.uid, asker, person.email, askedScopes(interaction)), redirectUri);
    const hint = details.params["login_hint"];
    const email = typeof hint === "string" ? hint.slice(0, 254) : "";
    return sendPage(reply, 200, signInPage(details.uid, asker, email, null), redirectUri);
  };

const signIn =
  (deps: InteractionRouteDeps): Handle =>
  async (interaction, request, reply) => {
    const { details, asker, tenantId, redirectUri } = interaction;
    const form = signInForm.safeParse(request.body);
    const again = (status: number, email: string, problem: string): FastifyReply =>
      sendPage(reply, status, signInPage(details.uid, asker, email, problem), redirectUri);
    if (!form.success) return again(400, "", WRONG);
    const attempt = { ...form.data, tenantId, address: deps.clientAddress(request.raw) };
    const outcome = await deps.signIn(attempt).catch((error: unknown): SignInOutcome => {
      if (error instanceof TooManyHashes) return { kind: "THROTTLED", retryAfterSeconds: 1 };
      throw error;
    });
    if (outcome.kind === "WRONG") return again(401, form.data.email, WRONG);
    if (outcome.kind === "THROTTLED") {
      void reply.header("retry-after", String(outcome.retryAfterSeconds));
      return again(429, form.data.email, TOO_MANY);
    }
    return finishInteraction(interaction, request, reply, {
      login: { accountId: outcome.userId, remember: false, amr: ["pwd"] },
    });
  };

const consent =
  (deps: InteractionRouteDeps): Handle =>
  async (interaction, request, reply) => {
    const { details, userId, tenantId } = interaction;
    const person = userId === null ? null : await deps.people.find(tenantId, userId);
    if (details.prompt.name !== "consent" || person === null) return show(deps)(interaction, request, reply);
    const grantId = await grantWhatWasAsked(interaction, person.id);
    return finishInteraction(interaction, request, reply, { consent: { grantId } });
  };

const cancel: Handle = (interaction, request, reply) =>
  finishInteraction(interaction, request, reply, {
    error: "access_denied",
    error_description: "the person did not agree",
  });

/** Adds the pages on which a person signs in and agrees; each request proves by its cookie that it belongs to the interaction. */
export const registerInteractionRoutes = (server: HttpServer, deps: InteractionRouteDeps): void => {
  const within = (handle: Handle) => async (request: FastifyRequest, reply: FastifyReply) => {
    const interaction = await readInteraction(deps, request, reply);
    if (interaction !== null) return handle(interaction, request, reply);
    const gone = "The sign-in took too long, or it was begun in another browser.";
    return sendPage(reply, 400, errorPage("interaction_expired", gone));
  };
  void server.register((scope, _options, done) => {
    takeForms(scope);
    scope.get(BASE, within(show(deps)));
    scope.post(`${BASE}/sign-in`, within(signIn(deps)));
    scope.post(`${BASE}/consent`, within(consent(deps)));
    scope.post(`${BASE}/cancel`, within(cancel));
    done();
  });
};
