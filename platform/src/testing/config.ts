import { z } from "zod";
import type { EngineConnections } from "../engines/embedded-engines.ts";

/** Environment variable by which the test run hands its engines to the workers: one JSON value. */
export const TEST_ENGINES_VARIABLE = "TESSERA_TEST_ENGINES";

/** Shape of the connections as JSON. */
export const connectionsSchema = z.object({
  postgres: z.object({ ownerUrl: z.url(), appUrl: z.url(), queueUrl: z.url(), queueSchema: z.string() }),
  clickhouse: z.object({
    url: z.url(),
    database: z.string(),
    passwords: z.object({
      tessera_owner: z.string(),
      tessera_writer: z.string(),
      tessera_reader: z.string(),
      tessera_jobs: z.string(),
    }),
  }),
});

/** Makes the engines of this test run known to every worker that is started from now on. */
export const publishTestEngines = (json: string): void => {
  process.env[TEST_ENGINES_VARIABLE] = json;
};

/** The engines of this test run; throws when the run has none, so that a test which needs them can never pass without them. */
export const readTestEngines = (environment: NodeJS.ProcessEnv = process.env): EngineConnections => {
  const json = environment[TEST_ENGINES_VARIABLE];
  if (json === undefined || json === "")
    throw new Error(`${TEST_ENGINES_VARIABLE} is not set: this test needs the embedded engines, name it *.db.test.ts.`);
  return connectionsSchema.parse(JSON.parse(json));
};
