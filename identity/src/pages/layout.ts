/** Where a redirect URI leads, as a source of a content security policy: its origin, or its scheme when it has none. */
const sourceOf = (redirectUri: string): string => {
  if (!URL.canParse(redirectUri)) return "";
  const { origin, protocol } = new URL(redirectUri);
  return ` ${origin === "null" ? protocol : origin}`;
};

/**
 * What pages may load: their own style sheet and nothing else; no script at all, no frame around them. Forms go to here, and from here on to
 * the client that asked: browsers hold the redirect after a form to the same list.
 */
export const pagePolicy = (redirectUri: string | null): string =>
  `default-src 'none'; style-src 'self'; script-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'${redirectUri === null ? "" : sourceOf(redirectUri)}`;

/** The same for pages of the library: it adds the digest of the one script it sends along, nothing else runs. */
export const PAGE_POLICY_FOR_PROVIDER =
  "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Address of the pages' style sheet. */
export const STYLE_PATH = "/oauth/pages/style.css";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in HTML, within and outside quotes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

/** HTML that was made by {@link html}: safe to put into other HTML. */
export interface Html {
  readonly html: string;
}

/** HTML from a template: values are escaped unless they are HTML already; lists are joined. */
export const html = (parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html => {
  const shown = values.map((value) => {
    if (typeof value === "string") return escapeHtml(value);
    return "html" in value ? value.html : value.map((one) => one.html).join("");
  });
  return { html: parts.map((part, index) => part + (shown[index] ?? "")).join("") };
};

/** A whole page: its title is also its heading, so that readers by ear and by eye are told the same. */
export const page = (title: string, content: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · Tessera</title>
        <link rel="stylesheet" href="${STYLE_PATH}" />
      </head>
      <body>
        <main>
          <p class="brand">Tessera</p>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.html;

/** What went wrong, told at once to readers by ear; nothing when nothing did. */
export const alertOf = (message: string | null): Html =>
  message === null ? { html: "" } : html`<p class="alert" role="alert">${message}</p>`;
