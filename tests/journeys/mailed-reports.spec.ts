import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { openHoldingRelay, type HoldingRelay } from "../testing/holding-relay.ts";
import { startInstance, type TestInstance } from "../testing/instance.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";

let relay: HoldingRelay;
let instance: TestInstance;
let client: TesseraClient;
beforeAll(async () => {
  relay = await openHoldingRelay();
  instance = await startInstance({
    ...{ SMTP_URL: relay.url, SMTP_FROM: "reports@tessera.example", SMTP_TLS: "NONE" },
    PUBLIC_URL: "https://tessera.example",
  });
  client = createTesseraClient(instance.url, instance.apiKey);
}, 240_000);
afterAll(async () => {
  await instance?.stop();
  await relay?.close();
}, 120_000);

const id = z.object({ id: z.string() });
const DEFINE = `mutation ($input: DefineReportInput!) { defineReport(input: $input) { ... on ReportDefined { report { id channels } } } }`;
const RUN = `mutation ($id: ID!, $key: String) { runReportNow(id: $id, idempotencyKey: $key) { ... on ReportRunAsked { run { id } } } }`;

const makeChannel = async (input: object): Promise<string> => {
  const text =
    "mutation ($input: ChannelInput!) { createChannel(input: $input) { ... on ChannelSaved { channel { id } } } }";
  return (await client.ask(z.object({ createChannel: z.object({ channel: id }) }), text, { input })).createChannel
    .channel.id;
};

/** A dashboard with a line and a table of what was bought. */
const makeDashboard = async (): Promise<string> => {
  const create = `mutation { createDashboard(input: { title: "Sales" }) { ... on DashboardCreated { dashboard { id } } } }`;
  const made = z.object({ createDashboard: z.object({ dashboard: id }) });
  const { dashboard } = (await client.ask(made, create)).createDashboard;
  const olap = {
    ...{ range: { sliding: "PT24H" }, measures: [{ name: "n", function: "COUNT" }], dimensions: ["country"] },
    filter: { field: "name", eq: "mailed" },
  };
  const widget = { id: crypto.randomUUID(), box: { x: 0, y: 0, width: 6, height: 4 }, title: "By country" };
  const edit = `mutation ($id: ID!, $operations: [DashboardOperationInput!]!) {
    editDashboard(id: $id, baseVersion: 1, operations: $operations, idempotencyKey: "first") { __typename } }`;
  await client.ask(z.object({ editDashboard: z.object({ __typename: z.literal("DashboardEdited") }) }), edit, {
    ...{ id: dashboard.id, operations: [{ addWidget: { ...widget, question: { olap } } }] },
  });
  return dashboard.id;
};

it("a report's run is mailed once to the channels it names: its page with its pictures, its files beside", async () => {
  await client.send(
    Array.from({ length: 6 }, (_none, place) => ({ name: "mailed", country: place < 4 ? "DE" : "US" })),
  );
  const dashboard = await makeDashboard();
  const channel = await makeChannel({ name: "board", email: { recipients: ["ada@example.com", "bob@example.com"] } });
  const definition = { name: "Weekly sales", dashboard, formats: ["HTML", "CSV", "XLSX"], channels: [channel] };
  const defined = z.object({ defineReport: z.object({ report: id.extend({ channels: z.array(z.string()) }) }) });
  const { report } = (await client.ask(defined, DEFINE, { input: definition })).defineReport;
  expect(report.channels).toEqual([channel]);

  const asked = z.object({ runReportNow: z.object({ run: id }) });
  const run = (await client.ask(asked, RUN, { id: report.id, key: "one" })).runReportNow.run.id;
  await eventually(() => expect(relay.mails).toHaveLength(1));
  // Asked for again it is the same run, and a run of its own is mailed by itself.
  expect((await client.ask(asked, RUN, { id: report.id, key: "one" })).runReportNow.run.id).toBe(run);
  await client.ask(asked, RUN, { id: report.id, key: "two" });
  await eventually(() => expect(relay.mails).toHaveLength(2));
  expect(new Set(relay.given).size).toBe(2);

  const [mail = ""] = relay.mails;
  expect(mail).toMatch(/^Subject: Weekly sales\r$/m);
  expect(mail).toMatch(/multipart\/related[\s\S]+text\/html[\s\S]+image\/png/);
  const cid = /^Content-ID:\s+<([^>]+)>/im.exec(mail)?.[1] ?? "none";
  const page = mail.replaceAll("=\r\n", "").replaceAll("=3D", "=");
  expect(page).toContain(`src="cid:${cid}"`);
  expect(page).not.toContain("data:image/png");
  expect(mail).toMatch(/Content-Type: text\/csv/);
  expect(mail).toMatch(/Content-Type:\s+application\/vnd\.openxmlformats-officedocument\.spreadsheetml\.sheet/);
  expect(page).toContain(`https://tessera.example/api/v2/report-runs/${run}/files/csv`);
  const csv = /Content-Type: text\/csv[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(mail)?.[1] ?? "";
  expect(Buffer.from(csv.replaceAll("\r\n", ""), "base64").toString("utf8")).toContain("DE,4");

  const deliveries = z.object({
    deliveries: z.object({
      edges: z.array(z.object({ node: z.object({ state: z.string(), reportRunId: z.string().nullable() }) })),
    }),
  });
  const log = `query ($channel: ID!) { deliveries(first: 10, filter: { channel: $channel }) { edges { node { state reportRunId } } } }`;
  await eventually(async () => {
    const nodes = (await client.ask(deliveries, log, { channel })).deliveries.edges.map(({ node }) => node);
    expect(nodes).toHaveLength(2);
    expect(nodes).toContainEqual({ state: "SENT", reportRunId: run });
  });
}, 180_000);

it("only who manages the tenant's channels names them, and channels of mails alone can be named", async () => {
  const dashboard = await makeDashboard();
  const inbox = await makeChannel({ name: "inbox", inApp: {} });
  const refusedWith = async (by: TesseraClient, channel: string) =>
    (await by.tell(DEFINE, { input: { name: "x", dashboard, formats: ["CSV"], channels: [channel] } })).errors?.map(
      ({ extensions }) => [extensions?.["code"], extensions?.["field"]],
    );
  const unknown = [["BAD_INPUT", "input.channels.0"]];
  expect(await refusedWith(client, inbox)).toEqual(unknown);
  expect(await refusedWith(client, crypto.randomUUID())).toEqual(unknown);
  const text = `mutation { createApiKey(input: { name: "editor", permissions: ["analytics:read", "dashboards:edit"] }) { ... on ApiKeyCreated { secret } } }`;
  const { secret } = (await client.ask(z.object({ createApiKey: z.object({ secret: z.string() }) }), text))
    .createApiKey;
  const channel = await makeChannel({ name: "mails", email: { recipients: ["ada@example.com"] } });
  expect(await refusedWith(createTesseraClient(instance.url, secret), channel)).toEqual([
    ["FORBIDDEN", "input.channels"],
  ]);
}, 120_000);
