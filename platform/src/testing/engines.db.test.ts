import { expect, test } from "@jest/globals";
import pg from "pg";
import { testEngines } from "./engines.ts";

test("the run's PostgreSQL answers as the application role and holds the migrated tables", async () => {
  const client = new pg.Client({ connectionString: testEngines().postgres.appUrl });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT current_user, to_regclass('public.event_log')::text AS event_log");
    expect(rows).toEqual([{ current_user: "tessera_app", event_log: "event_log" }]);
  } finally {
    await client.end();
  }
});
