import { html, page } from "./layout.ts";

/** Says why an authorization request goes no further; shown where no client can be told. */
export const errorPage = (error: string, description: string): string =>
  page(
    "This request can't go on",
    html`<p>${description}</p>
      <p class="detail">Code: <code>${error}</code></p>
      <p>
        Go back to the application you came from and start again. If it stays like this, tell its makers the code.
      </p>`,
  );

/** Asks whether to sign out; `form` is the library's own, with its token against forgery. */
export const signOutPage = (form: string): string =>
  page(
    "Sign out?",
    html`${{ html: form }}
      <div class="actions">
        <button type="submit" form="op.logoutForm" value="yes" name="logout">Sign out</button>
        <button class="plain" type="submit" form="op.logoutForm">Stay signed in</button>
      </div>`,
  );

/** Says that the browser is signed out. */
export const signedOutPage = (): string => page("You are signed out", html`<p>You can close this page.</p>`);
