import { beforeAll, describe, expect, it } from "@jest/globals";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { eventually } from "../../testing/eventually.ts";
import { askGraph, askHttp, hear, readAnswer } from "../outside.ts";
import { makeApiKey, makeJob } from "../own-things.ts";
import type { World } from "./permission-world.ts";

const DAY_MS = 86_400_000;
const range = () => ({
  from: new Date(Date.now() - DAY_MS).toISOString(),
  to: new Date(Date.now() + DAY_MS).toISOString(),
});
const READS = ["analytics:read", "analytics:ingest", "analytics:personal-data", "jobs:read", "jobs:run"] as const;
const SAVE = "mutation ($input: DataPolicyInput!) { saveDataPolicy(input: $input) { __typename } }";
const OLAP = `query ($input: OlapInput!) { olap(input: $input) {
  columns { ... on TextColumn { texts } } provenance { rowsFilteredBy maskedColumns rejectedTables { reason } } } }`;
const JOB = "query ($id: ID!) { job(id: $id) { state result { columns { ... on TextColumn { texts } } } } }";

const hiddenOf = (world: World): string => `${world().own.mark}-other`;
const requireBlind = (world: World, text: string): void => {
  expect(text).not.toContain('"errors":');
  expect(text).not.toContain(hiddenOf(world));
  expect(text).not.toContain(`${world().own.mark}-user`);
};

const tellsOfItself = (world: World, apiKey: () => string) => async (): Promise<void> => {
  const { text } = await askGraph(world().url, apiKey(), { query: "{ whoAmI { policies masks { column mask } } }" });
  expect(text).toContain(`${world().own.mark} blind`);
  expect(text).toContain('"masks":[{"column":"USER_ID","mask":"HASH"}]');
};

const seesTheRest = (world: World, apiKey: () => string) => async (): Promise<void> => {
  const { url, full, own } = world();
  const events = { query: "{ events(first: 1000) { edges { node { id userId } } } }" };
  expect((await askGraph(url, full, events)).text).toContain(hiddenOf(world));
  requireBlind(world, (await askGraph(url, apiKey(), events)).text);
  const measures = [{ function: "COUNT" }];
  const asked = { query: OLAP, variables: { input: { range: range(), measures, dimensions: ["userId"] } } };
  expect((await askGraph(url, full, asked)).text).toContain(hiddenOf(world));
  const { text } = await askGraph(url, apiKey(), asked);
  requireBlind(world, text);
  expect(text).toContain('"rowsFilteredBy":["user_id"],"maskedColumns":["user_id"]');
  const whole = { query: OLAP, variables: { input: { range: range(), measures, dimensions: ["name"] } } };
  expect((await askGraph(url, apiKey(), whole)).text).toContain("A data policy filters rows by user_id");
  // The first event of the tenant is the hidden person's.
  const byId = {
    query: "query ($id: ID!) { event(id: $id) { id lineage { complete } } }",
    variables: { id: own.eventId },
  };
  expect((await askGraph(url, full, byId)).text).toContain(own.eventId);
  expect((await askGraph(url, apiKey(), byId)).text).toContain('"event":null');
  const lineage = {
    query: "query ($id: ID!) { eventLineage(eventId: $id) { complete } }",
    variables: { id: own.eventId },
  };
  expect((await askGraph(url, apiKey(), lineage)).text).toContain('"eventLineage":null');
};

const countsOverRest = (world: World, apiKey: () => string) => async (): Promise<void> => {
  const { url, full } = world();
  const body = JSON.stringify({ range: range(), measures: [{ function: "count" }], dimensions: ["user_id"] });
  const ask = (key: string) => askHttp(`${url}/api/v2/analytics/realtime/query`, key, { method: "POST", body });
  expect((await ask(full)).text).toContain(hiddenOf(world));
  requireBlind(world, (await ask(apiKey())).text);
};

const hearsTheRest = (world: World, apiKey: () => string) => async (): Promise<void> => {
  const { url, full, own } = world();
  const query = "subscription { events { event { userId name } } }";
  const client = createTesseraClient(url, full);
  const stir = async (): Promise<void> => {
    await client.send([
      { name: `${own.mark}-policy`, userId: hiddenOf(world) },
      { name: `${own.mark}-policy`, userId: `${own.mark}-user` },
    ]);
  };
  const three = (messages: readonly unknown[]): boolean => messages.length >= 3;
  const [blind, seeing] = await Promise.all([
    hear(url, apiKey(), { query }, three, { stir }),
    hear(url, full, { query }, (all) => JSON.stringify(all).includes(hiddenOf(world))),
  ]);
  requireBlind(world, JSON.stringify(blind.messages));
  expect(JSON.stringify(seeing.messages)).toContain(hiddenOf(world));
};

const getsItsOwnResult = (world: World, apiKey: () => string) => async (): Promise<void> => {
  const { url, full, own } = world();
  const start =
    "mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }";
  const olap = { range: range(), measures: [{ function: "COUNT" }], dimensions: ["userId"] };
  const started = await createTesseraClient(url, apiKey()).tell(start, { input: { olap } });
  const [, id = ""] = /"id":"([^"]+)"/.exec(JSON.stringify(started)) ?? [];
  const result = await eventually(async () => {
    const { text } = await askGraph(url, apiKey(), { query: JOB, variables: { id } });
    expect(text).toContain("SUCCEEDED");
    return text;
  });
  requireBlind(world, result);
  const theirs = await makeJob(createTesseraClient(url, full), own);
  const foreign = await askGraph(url, apiKey(), { query: JOB, variables: { id: theirs } });
  expect(readAnswer(foreign).errors).toMatchObject([{ path: ["job", "result"], extensions: { code: "FORBIDDEN" } }]);
  expect(readAnswer(await askGraph(url, full, { query: JOB, variables: { id } })).errors).toBeUndefined();
};

const isRefusedTheWhole = (world: World, apiKey: () => string) => async (): Promise<void> => {
  const { url } = world();
  for (const field of ["anomalies", "rules"]) {
    const { errors } = readAnswer(await askGraph(url, apiKey(), { query: `{ ${field} { edges { cursor } } }` }));
    expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN", field: `Query.${field}` } }]);
  }
};

/** A data policy holds wherever a key leads: from the edge through every surface to the store. */
export const describeDataPolicies = (world: World): void => {
  describe("a key under a data policy that hides what a person did and masks who did the rest", () => {
    let apiKey = "";
    beforeAll(async () => {
      const { url, full, own } = world();
      const client = createTesseraClient(url, full);
      const made = await makeApiKey(client, "under a policy", [...READS, "anomaly:read", "governance:read"]);
      apiKey = made.secret;
      const input = {
        name: `${own.mark} blind`,
        subjects: [{ kind: "API_KEY", id: made.id }],
        rowFilters: [{ column: "USER_ID", operator: "NOT_IN", values: [hiddenOf(world)] }],
        masks: [{ column: "USER_ID", mask: "HASH" }],
      };
      expect(JSON.stringify(await client.tell(SAVE, { input }))).toContain("DataPolicySaved");
    });

    it(
      "is told so by itself",
      tellsOfItself(world, () => apiKey),
    );
    it(
      "sees in lists, groups and by id the rest alone, with masked values, and the answer says so",
      seesTheRest(world, () => apiKey),
    );
    it(
      "counts no hidden event over REST",
      countsOverRest(world, () => apiKey),
    );
    it(
      "hears of no hidden event, though another key's equal subscription does",
      hearsTheRest(world, () => apiKey),
    );
    it(
      "gets the result of its own job as it may see it, and of others' jobs none",
      getsItsOwnResult(world, () => apiKey),
    );
    it(
      "is refused what is computed for the whole tenant",
      isRefusedTheWhole(world, () => apiKey),
    );
  });
};
