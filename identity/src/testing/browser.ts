/** An answer as a browser holds it: redirects to other origins are not followed, they are what the client would get. */
export interface Seen {
  readonly url: string;
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
  /** Where the browser was sent outside the authorization server; null while it is still there. */
  readonly left: URL | null;
}

/** A person's browser: keeps cookies by path, follows redirects within the server, fills in forms. */
export interface Browser {
  open(url: string): Promise<Seen>;
  /** Sends the page's form that goes to an address with this ending. */
  submit(page: Seen, ending: string, fields: Readonly<Record<string, string>>): Promise<Seen>;
}

/** Redirects followed before something is wrong. */
const MAX_REDIRECTS = 10;

/** A browser that talks to `origin` wherever the server says it is, so that replicas can be changed in the middle. */
export const createBrowser = (origin: () => string, publicUrl: string): Browser => {
  const cookies = new Map<string, { value: string; path: string }>();
  const keep = (headers: Headers): void => {
    for (const line of headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? "/";
      if (value === "" || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(`${name} ${path}`);
      else cookies.set(`${name} ${path}`, { value, path });
    }
  };
  const cookieHeader = (path: string): string =>
    [...cookies]
      .filter(([, cookie]) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, "/")))
      .map(([key, { value }]) => `${key.split(" ")[0] ?? ""}=${value}`)
      .join("; ");
  const go = async (address: string, init: RequestInit, redirects = 0): Promise<Seen> => {
    const url = new URL(address, publicUrl);
    const target = `${origin()}${url.pathname}${url.search}`;
    const headers = { ...Object.fromEntries(new Headers(init.headers)), cookie: cookieHeader(url.pathname) };
    const answer = await fetch(target, { ...init, headers, redirect: "manual" });
    keep(answer.headers);
    const body = await answer.text();
    const location = answer.headers.get("location");
    const seen = { url: url.href, status: answer.status, body, headers: answer.headers, left: null };
    if (location === null) return seen;
    const next = new URL(location, url);
    if (next.origin !== new URL(publicUrl).origin) return { ...seen, left: next };
    if (redirects >= MAX_REDIRECTS) throw new Error(`Redirected too often, last to ${location}.`);
    return go(next.href, { method: "GET" }, redirects + 1);
  };
  return {
    open: (url) => go(url, { method: "GET" }),
    submit: (page, ending, fields) => {
      const actions = [...page.body.matchAll(/<form method="post" action="([^"]+)"/g)].map(([, action = ""]) => action);
      const action = actions.find((candidate) => candidate.endsWith(ending));
      if (action === undefined) throw new Error(`The page has no form to ${ending}: ${page.body}`);
      return go(new URL(action, page.url).href, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(fields).toString(),
      });
    },
  };
};
