/** Environment variable by which the test run tells its workers where tenants of the shared instance are made. */
const SHARED_INSTANCE_VARIABLE = "TESSERA_TEST_SHARED_INSTANCE";

/** Makes the door of this run's shared instance known to every worker that is started from now on. */
export const publishSharedInstance = (url: string): void => {
  process.env[SHARED_INSTANCE_VARIABLE] = url;
};

/** The door of this run's shared instance; throws when the run has none. */
export const readSharedInstance = (environment: NodeJS.ProcessEnv = process.env): string => {
  const url = environment[SHARED_INSTANCE_VARIABLE];
  if (url === undefined || url === "")
    throw new Error(
      `${SHARED_INSTANCE_VARIABLE} is not set: this test needs the shared instance, name it tests/**/*.spec.ts.`,
    );
  return url;
};
