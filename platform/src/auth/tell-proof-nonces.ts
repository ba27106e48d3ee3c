import type { HttpServer } from "../http/server.ts";
import type { ProofNonces } from "./proof-nonces.ts";

const DPOP_SCHEME = /^DPoP /i;

/** The authorization server tells nonces of its own, for its own endpoints. */
const AUTHORIZATION_SERVER = "/oauth/";

/** Tells every client that proves possession the nonce of its next proof, whatever it is answered (RFC 9449, sections 8.2 and 9). */
export const tellProofNonces = (server: HttpServer, nonces: ProofNonces): void => {
  server.addHook("onRequest", (request, reply, done) => {
    const { dpop, authorization = "" } = request.headers;
    const proves = dpop !== undefined || DPOP_SCHEME.test(authorization);
    if (proves && !request.url.startsWith(AUTHORIZATION_SERVER)) void reply.header("dpop-nonce", nonces.current());
    done();
  });
};
