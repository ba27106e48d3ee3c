import { readKeyRing } from "@tessera/platform/auth/key-ring";

/** The ring of every test of this room: keys of the installation that one test seals, the others open. */
export const TEST_KEY_RING = readKeyRing(`test:${Buffer.alloc(32, 7).toString("base64url")}`);
