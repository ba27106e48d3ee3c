import { closeSharedInstance } from "./shared-instance-process.ts";

/** Jest's globalTeardown of the `graph` project. */
export default async (): Promise<void> => closeSharedInstance();
