import type { EngineConnections } from "../engines/embedded-engines.ts";
import { readTestEngines } from "./config.ts";

/** Connection settings of the migrated engines that this test run started; throws when it started none. */
export const testEngines = (): EngineConnections => readTestEngines();
