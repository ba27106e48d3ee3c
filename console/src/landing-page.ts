import { createHash } from "node:crypto";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="2" width="13" height="13" rx="3" fill="#5b8def"/><rect x="17" y="2" width="13" height="13" rx="3" fill="#8fb3ff"/><rect x="2" y="17" width="13" height="13" rx="3" fill="#2f5fc4"/><rect x="17" y="17" width="13" height="13" rx="3" fill="#f2b661"/></svg>`;

const STYLE = `
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1d2639; background: #f6f8fc; }
main { max-width: 640px; margin: 0 auto; padding: 12vh 24px 48px; }
h1 { display: flex; align-items: center; gap: 14px; margin: 0 0 8px; font-size: 32px; line-height: 1.2; }
h1 svg { width: 36px; height: 36px; }
p { margin: 0 0 28px; color: #46536f; }
ul { margin: 0; padding: 0; list-style: none; border-top: 1px solid #dbe2f0; }
li { border-bottom: 1px solid #dbe2f0; }
li a { display: flex; justify-content: space-between; gap: 24px; padding: 14px 4px; color: inherit; text-decoration: none; }
li a:hover strong, li a:focus-visible strong { text-decoration: underline; }
li strong { color: #2450a8; font-weight: 600; }
li span { color: #5c6a88; text-align: right; }
@media (max-width: 480px) { li a { flex-direction: column; gap: 0; } li span { text-align: left; } }
`;

const LINKS = [
  ["/graphiql", "GraphiQL", "Explore the graph, run queries, follow subscriptions"],
  ["/docs", "REST reference", "Every REST endpoint, with its problems"],
  ["/api/v2/openapi.json", "OpenAPI document", "For generators of clients"],
  ["/readyz", "Readiness", "Each dependency, and whether it answers"],
  ["/metrics", "Metrics", "For Prometheus"],
] as const;

const links = LINKS.map(
  ([href, name, what]) => `<li><a href="${href}"><strong>${name}</strong><span>${what}</span></a></li>`,
).join("");

/** The page at `/`: what runs here and where. */
export const LANDING_HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tessera</title>
    <link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}" />
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>${ICON} Tessera</h1>
      <p>Analytics as one graph: events in, answers out, live. The graph and REST take an API key in the Authorization header.</p>
      <ul>${links}</ul>
    </main>
  </body>
</html>
`;

/** Nothing but this very page: its one style by its hash, its icon, no script. */
export const LANDING_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
