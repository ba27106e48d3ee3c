import { z } from "zod";
import type { TesseraClient } from "./tessera-client.ts";

/** An OAuth client for a service, with its secret. */
export interface ServiceClient {
  readonly id: string;
  readonly secret: string;
}

const madeShape = z.object({
  createOAuthClient: z.object({ client: z.object({ id: z.string() }), secret: z.string() }),
});
const MAKE = `mutation ($input: CreateOAuthClientInput!) { createOAuthClient(input: $input) {
  ... on OAuthClientCreated { client { id } secret } } }`;

/** Makes an OAuth client that gets tokens by itself. */
export const makeService = async (
  administrator: TesseraClient,
  permissions: readonly string[],
): Promise<ServiceClient> => {
  const input = { name: "a service", kind: "SERVICE", permissions };
  const { createOAuthClient } = await administrator.ask(madeShape, MAKE, { input });
  return { id: createOAuthClient.client.id, secret: createOAuthClient.secret };
};

const tokenShape = z.object({ access_token: z.string(), token_type: z.string() });

/** Gets an access token by client credentials (RFC 6749, section 4.4). */
export const tokenOf = async (identityUrl: string, { id, secret }: ServiceClient): Promise<string> => {
  const answer = await fetch(`${identityUrl}/oauth/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`No token: ${answer.status} ${text}`);
  return tokenShape.parse(JSON.parse(text)).access_token;
};
