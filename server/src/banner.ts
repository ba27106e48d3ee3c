/** What the banner tells: where everything is and how to try it. */
export interface BannerFacts {
  readonly url: string;
  readonly home: string;
  readonly demo: { readonly tenantId: string; readonly apiKey: string } | null;
  readonly startedMs: number;
}

const places = (url: string): readonly (readonly [string, string])[] => [
  ["GraphQL", `${url}/graphql`],
  ["GraphiQL", `${url}/graphiql`],
  ["WebSocket", `${url.replace(/^http/, "ws")}/graphql`],
  ["REST", `${url}/api/v2`],
  ["OAuth 2.0", `${url}/.well-known/oauth-authorization-server`],
  ["API reference", `${url}/docs`],
  ["Health", `${url}/readyz`],
];

const trial = (url: string, apiKey: string): string => `
  Send an event:
    curl -X POST ${url}/api/v2/events -H 'Authorization: Bearer ${apiKey}' \\
      -H 'Content-Type: application/json' \\
      -d '[{"name":"page_view","userId":"ada","url":"https://example.com/"}]'

  Ask about it:
    curl ${url}/graphql -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
      -d '{"query":"{ realtimeMetrics(timeframe: \\"PT5M\\") { events users topNames { name events } } }"}'
`;

/** The text printed when everything is up. */
export const bannerText = (facts: BannerFacts): string => {
  const table = places(facts.url).map(([name, where]) => `  ${name.padEnd(14)} ${where}`);
  const demo =
    facts.demo === null
      ? []
      : [
          "",
          `  Demo tenant    ${facts.demo.tenantId}`,
          `  API key        ${facts.demo.apiKey}`,
          trial(facts.url, facts.demo.apiKey),
        ];
  return [
    "",
    `Tessera is up (${(facts.startedMs / 1_000).toFixed(1)} s). Data in ${facts.home}. Ctrl-C stops it.`,
    "",
    ...table,
    ...demo,
    "",
  ].join("\n");
};
