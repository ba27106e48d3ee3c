import type { Caller } from "@tessera/contracts/caller";
import type { Presented } from "@tessera/platform/auth/presentation";

/**
 * Knows callers by their Authorization header and by how it was presented; refuses with UNAUTHENTICATED. May be asked often: it should
 * remember what it verified.
 */
export type Authenticate = (authorizationHeader: string | undefined, presented: Presented) => Promise<Caller>;
