import { readFileSync } from "node:fs";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { HttpServer } from "@tessera/platform/http/server";
import { serveDocument } from "@tessera/platform/http/static-document";
import { z } from "zod";
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, TooManyHashes, type Passwords } from "../people/passwords.ts";
import type { Invitation, PeopleStore } from "../people/people-store.ts";
import { idHashOf } from "../state/state-store.ts";
import { STYLE_PATH } from "./layout.ts";
import { sendPage, takeForms } from "./send-page.ts";
import { deadLinkPage, invitationPage, passwordSetPage } from "./sign-in-pages.ts";

/** Address under which an invited person sets a password; the link's token follows. */
const INVITATION_PATH = "/oauth/invitation";

const tokenParam = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });
const passwordForm = z.object({
  password: z.string().max(MAX_PASSWORD_LENGTH),
  again: z.string().max(MAX_PASSWORD_LENGTH),
});

/** What is wrong with a new password; null when nothing is. */
const problemOf = (form: z.infer<typeof passwordForm>, { email }: Invitation): string | null => {
  if (form.password.length < MIN_PASSWORD_LENGTH) return `It needs at least ${MIN_PASSWORD_LENGTH} characters.`;
  if (form.password !== form.again) return "The two are not the same.";
  return form.password.toLowerCase() === email.toLowerCase() ? "The email address is no password." : null;
};

interface Invited {
  readonly invitation: Invitation;
  readonly tokenHash: Uint8Array;
  readonly action: string;
}

/** Adds the page on which an invited person sets a password, once, and the pages' style sheet. */
export const registerInvitationRoutes = (
  server: HttpServer,
  deps: { readonly people: PeopleStore; readonly passwords: Passwords },
): void => {
  const { people, passwords } = deps;
  const read = async (request: FastifyRequest): Promise<Invited | null> => {
    const asked = tokenParam.safeParse(request.params);
    if (!asked.success) return null;
    const tokenHash = idHashOf(asked.data.token);
    const invitation = await people.findInvitationAcrossTenants(tokenHash);
    return invitation === null ? null : { invitation, tokenHash, action: `${INVITATION_PATH}/${asked.data.token}` };
  };
  const show = ({ invitation, action }: Invited, reply: FastifyReply, problem: string | null): FastifyReply =>
    sendPage(
      reply,
      problem === null ? 200 : 400,
      invitationPage(action, invitation.tenantName, invitation.email, problem),
    );
  const accept = async (invited: Invited, body: unknown, reply: FastifyReply): Promise<FastifyReply> => {
    const { invitation, tokenHash } = invited;
    const form = passwordForm.safeParse(body);
    const problem = form.success ? problemOf(form.data, invitation) : "Fill in both fields.";
    if (!form.success || problem !== null) return show(invited, reply, problem);
    const hash = await passwords.hash(form.data.password).catch((error: unknown) => {
      if (error instanceof TooManyHashes) return null;
      throw error;
    });
    if (hash === null) return show(invited, reply, "Too many people do this at the moment. Try again.");
    const accepted = await people.acceptInvitation(invitation, tokenHash, hash);
    return accepted
      ? sendPage(reply, 200, passwordSetPage(invitation.tenantName))
      : sendPage(reply, 404, deadLinkPage());
  };
  void server.register((scope, _options, done) => {
    takeForms(scope);
    const path = `${INVITATION_PATH}/:token`;
    scope.get(path, async (request, reply) => {
      const invited = await read(request);
      return invited === null ? sendPage(reply, 404, deadLinkPage()) : show(invited, reply, null);
    });
    scope.post(path, async (request, reply) => {
      const invited = await read(request);
      return invited === null ? sendPage(reply, 404, deadLinkPage()) : accept(invited, request.body, reply);
    });
    done();
  });
  serveDocument(server, {
    path: STYLE_PATH,
    mediaType: "text/css; charset=utf-8",
    content: () => readFileSync(new URL("./style.css", import.meta.url), "utf8"),
    headers: { "x-content-type-options": "nosniff" },
  });
};
