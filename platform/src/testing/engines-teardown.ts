import { stopEnginesHost } from "./engines-host-process.ts";

/** Jest's globalTeardown of the `db` project. */
export default async (): Promise<void> => stopEnginesHost();
