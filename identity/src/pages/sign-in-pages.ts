import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH } from "../people/passwords.ts";
import { alertOf, html, page, type Html } from "./layout.ts";

/** Who asks for a sign-in: the application and the tenant it belongs to. */
export interface Asker {
  readonly clientName: string;
  readonly tenantName: string;
}

const cancelForm = (action: string): Html =>
  html`<form method="post" action="${action}">
    <div class="actions"><button class="plain" type="submit">Cancel</button></div>
  </form>`;

/** Asks a person for email and password. */
export const signInPage = (uid: string, asker: Asker, email: string, problem: string | null): string =>
  page(
    `Sign in to ${asker.tenantName}`,
    html`<p><strong>${asker.clientName}</strong> asks you to sign in.</p>
      ${alertOf(problem)}
      <form method="post" action="/oauth/interaction/${uid}/sign-in">
        <label for="email">Email</label>
        <input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${email}" />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          maxlength="${String(MAX_PASSWORD_LENGTH)}"
        />
        <div class="actions"><button type="submit">Sign in</button></div>
      </form>
      ${cancelForm(`/oauth/interaction/${uid}/cancel`)}`,
  );

const PERSON_WORDS: Readonly<Record<string, string>> = {
  openid: "Know who you are in this tenant",
  profile: "See your name",
  email: "See your email address",
  offline_access: "Keep access while you are away",
};

/** A scope in words: a permission `room:verb` becomes "room: verb". */
const scopeWords = (scope: string): string =>
  PERSON_WORDS[scope] ?? `Use ${scope.replace(":", ": ").replaceAll("-", " ")}, as far as your own role allows`;

/** Asks a person whether an application may act for them. */
export const consentPage = (uid: string, asker: Asker, email: string, scopes: readonly string[]): string =>
  page(
    `Allow ${asker.clientName}?`,
    html`<p>You are signed in to ${asker.tenantName} as <strong>${email}</strong>. The application asks to:</p>
      <ul>
        ${scopes.map((scope) => html`<li>${scopeWords(scope)} <code>${scope}</code></li>`)}
      </ul>
      <form method="post" action="/oauth/interaction/${uid}/consent">
        <div class="actions"><button type="submit">Allow</button></div>
      </form>
      ${cancelForm(`/oauth/interaction/${uid}/cancel`)}`,
  );

/** Lets an invited person set their password. */
export const invitationPage = (action: string, tenantName: string, email: string, problem: string | null): string =>
  page(
    `Welcome to ${tenantName}`,
    html`<p>Set the password with which you sign in.</p>
      ${alertOf(problem)}
      <form method="post" action="${action}">
        <label for="email">Email</label>
        <input id="email" name="email" type="email" autocomplete="username" readonly value="${email}" />
        <label for="password">New password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="new-password"
          required
          minlength="${String(MIN_PASSWORD_LENGTH)}"
          maxlength="${String(MAX_PASSWORD_LENGTH)}"
          aria-describedby="rule"
        />
        <p class="hint" id="rule">
          At least ${String(MIN_PASSWORD_LENGTH)} characters. A few words in a row are easier to remember than signs.
        </p>
        <label for="again">The same again</label>
        <input
          id="again"
          name="again"
          type="password"
          autocomplete="new-password"
          required
          maxlength="${String(MAX_PASSWORD_LENGTH)}"
        />
        <div class="actions"><button type="submit">Set password</button></div>
      </form>`,
  );

/** Says that a password was set. */
export const passwordSetPage = (tenantName: string): string =>
  page("Your password is set", html`<p>You can now sign in to ${tenantName} in its applications.</p>`);

/** Says that a link leads nowhere: used, ended or mistyped, which are told apart to nobody. */
export const deadLinkPage = (): string =>
  page(
    "This link no longer works",
    html`<p>It was used already, it is too old, or it was cut off. Ask the person who invited you for a new one.</p>`,
  );
