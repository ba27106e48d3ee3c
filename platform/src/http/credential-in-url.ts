import { refuse } from "../errors/refusal.ts";

/** Names under which clients put credentials into URLs, where logs, histories and referrers would keep them. */
const CREDENTIAL_PARAMETERS: ReadonlySet<string> = new Set([
  "access_token",
  "apikey",
  "api_key",
  "api-key",
  "auth",
  "authorization",
  "key",
  "password",
  "token",
]);

/** How API keys of the platform begin, whatever the name they are sent under. */
const API_KEY = /^(?:bearer\s+)?tsr_/i;

/** Refuses with CREDENTIAL_IN_URL when the query of a URL names a credential or holds an API key; its value is not repeated. */
export const refuseCredentialInUrl = (url: string): void => {
  const start = url.indexOf("?");
  if (start < 0) return;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (!CREDENTIAL_PARAMETERS.has(name.toLowerCase()) && !API_KEY.test(value)) continue;
    throw refuse("CREDENTIAL_IN_URL", `The URL carries \`${name}\`; it may have been logged on its way.`, {
      field: name,
    });
  }
};
