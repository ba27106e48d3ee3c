import type { Caller } from "@tessera/contracts/caller";

/** Knows callers by their Authorization header; refuses with UNAUTHENTICATED. May be asked often: it should remember what it verified. */
export type Authenticate = (authorizationHeader: string | undefined) => Promise<Caller>;
