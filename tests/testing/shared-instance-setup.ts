import { openSharedInstance } from "./shared-instance-process.ts";

/** Jest's globalSetup of the `graph` project. */
export default async (): Promise<void> => openSharedInstance();
