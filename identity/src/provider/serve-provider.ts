import type { IncomingMessage } from "node:http";
import type { Provider } from "oidc-provider";
import { refuse } from "@tessera/platform/errors/refusal";
import { refuseCredentialInUrl } from "@tessera/platform/http/credential-in-url";
import type { HttpServer } from "@tessera/platform/http/server";

const PATHS = ["/oauth/*", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] as const;

/**
 * Makes requests look as they were sent to `publicUrl`: addresses in answers come from the configuration, never from a Host or a
 * forwarded header that anybody may write.
 */
export const createReaddress =
  (publicUrl: () => string) =>
  (request: IncomingMessage): void => {
    const { host, protocol } = new URL(publicUrl());
    for (const name of ["forwarded", "x-forwarded-host", "x-forwarded-for"]) delete request.headers[name];
    request.headers.host = host;
    request.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  };

/** Hands the OAuth addresses to the authorization server of the moment; it reads bodies itself, bounded. */
export const serveProvider = (
  server: HttpServer,
  deps: { readonly provider: () => Provider | null; readonly readdress: (request: IncomingMessage) => void },
): void => {
  void server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, parsed) => parsed(null, undefined));
    for (const path of PATHS)
      scope.all(path, async (request, reply) => {
        refuseCredentialInUrl(request.url);
        const provider = deps.provider();
        if (provider === null)
          throw refuse("OVERLOADED", "The authorization server is starting.", { retryAfterSeconds: 1 });
        deps.readdress(request.raw);
        // What every answer of the process carries; the library says otherwise where it has reason to.
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) reply.raw.setHeader(name, value);
        reply.hijack();
        await provider.callback()(request.raw, reply.raw);
      });
    done();
  });
};
