import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { unprivilegedRunUser } from "@tessera/platform/engines/run-user";
import { z } from "zod";
import { readDemoFile, readPids, spawnEmbedded, startEmbeddedProcess } from "../testing/embedded-process.ts";
import type { EmbeddedProcess } from "../testing/embedded-process.ts";
import { startSenders } from "../testing/event-senders.ts";
import { expectExactlyOnce, storeOwnerOf } from "../testing/event-store-truth.ts";
import { eventually } from "../testing/eventually.ts";
import { processesIn } from "../testing/processes-in.ts";
import { askReadiness } from "../testing/tessera-client.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";
import type { TesseraProcess } from "../testing/tessera-process.ts";

/** A second start answers within 5 seconds on a quiet machine; on a busy one this is still a start, not a wait. */
const SECOND_START_BOUND_MS = 30_000;
const STARTED = { code: 0, signal: null };
const REFUSED = { code: 1, signal: null };
const run = promisify(execFile);
const countShape = z.object({ realtimeMetrics: z.object({ events: z.number() }) });
const EVENTS = `{ realtimeMetrics(timeframe: "PT1H") { events } }`;

let directory: TemporaryDirectory;
let home: string;
let first: EmbeddedProcess;
let known: Awaited<ReturnType<typeof readDemoFile>>;

const eventsOf = async ({ client }: EmbeddedProcess): Promise<number> =>
  (await client.ask(countShape, EVENTS)).realtimeMetrics.events;
const portOf = (url: string): string => new URL(url).port;
/** The one sentence a refused start ends with, without the steps before it. */
const sentenceOf = (refused: TesseraProcess): string =>
  refused
    .output()
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^ {2}[✔✘]/.test(line))
    .join("\n");

/** A request that the server has begun to read (it said 100 Continue) and that stays in flight until `finish`, which resolves to the answer. */
const startRequest = async (url: string, path: string, apiKey: string, body: string) => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
  const seen = (pattern: RegExp) => eventually(() => expect(answer).toMatch(pattern));
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${apiKey}\r\nExpect: 100-continue\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await seen(/^HTTP\/1\.1 100 Continue/);
  answer = "";
  return {
    finish: async (): Promise<string> => {
      socket.write(body);
      await seen(/\r\n\r\n/);
      socket.destroy();
      return answer;
    },
  };
};

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  home = directory.home("first");
  first = await startEmbeddedProcess({ home, through: "npm start" });
  known = await readDemoFile(home);
}, 240_000);

afterAll(async () => {
  await first?.process.stop();
  await directory?.remove();
}, 120_000);

describe("the first start", () => {
  it("tells each step with its duration, then where everything is", () => {
    const { url, process: started } = first;
    const steps = started.output().match(/^ {2}✔ .+ \(\d+\.\d s\)$/gm) ?? [];
    expect(steps.length).toBeGreaterThanOrEqual(4);
    for (const address of ["/graphql", "/graphiql", "/api/v2", "/docs", "/readyz"].map((path) => `${url}${path}`))
      expect(started.output()).toContain(address);
    expect(started.output()).toContain(`${url.replace("http", "ws")}/graphql`);
    expect(started.output()).toContain(known.apiKey);
  });

  it("prints commands that work when they are pasted into a shell", async () => {
    const commands = first.process.output().match(/^ {4}curl .+(?:\n {6}.+)*/gm) ?? [];
    expect(commands).toHaveLength(2);
    const [sent = "", asked = ""] = commands;
    expect(JSON.parse((await run("sh", ["-c", sent])).stdout)).toMatchObject({ accepted: 1 });
    const { stdout } = await run("sh", ["-c", asked]);
    expect(JSON.parse(stdout)).toMatchObject({
      data: { realtimeMetrics: { events: 1, users: 1, topNames: [{ name: "page_view", events: 1 }] } },
    });
  }, 60_000);

  it("writes demo.json with url, tenantId and apiKey, readable by its owner alone", async () => {
    expect(Object.keys(known).toSorted()).toEqual(["apiKey", "tenantId", "url"]);
    expect(first.process.output()).toContain(known.tenantId);
    expect((await stat(join(home, "demo.json"))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["/graphiql", /text\/html/],
    ["/docs", /text\/html/],
    ["/livez", /application\/json/],
    ["/readyz", /application\/json/],
    ["/metrics", /text\/plain/],
  ])("answers GET %s on the one port", async (path, type) => {
    const response = await first.client.get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(type);
    expect((await response.text()).length).toBeGreaterThan(0);
  });

  it("takes an API key as the only credential on GraphQL and REST, and refuses strangers on both", async () => {
    expect(await first.client.tell("{ tenant { id } }")).toMatchObject({ data: { tenant: { id: known.tenantId } } });
    const asStranger = (path: string) => fetch(`${first.url}${path}`, { method: "POST", body: "[]" });
    expect((await asStranger("/api/v2/events")).status).toBe(401);
    const { url } = first;
    const graph = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ tenant { id } }" }),
    });
    expect(graph.status).toBe(401);
  });
});

describe("a start that can't be", () => {
  it("on a data directory in use names the process that uses it and disturbs nothing", async () => {
    const refused = spawnEmbedded({ home });
    expect(await refused.ended).toEqual(REFUSED);
    expect(sentenceOf(refused)).toMatch(new RegExp(`already runs on .*process ${(await readPids(home)).server}\\b`));
    expect(sentenceOf(refused).split("\n")).toHaveLength(1);
    expect(await eventsOf(first)).toBe(1);
  }, 90_000);

  it("on a taken port says so in one sentence, leaves nothing running and nothing damaged; another port works", async () => {
    const beside = directory.home("beside");
    const refused = spawnEmbedded({ home: beside, environment: { PORT: portOf(first.url) } });
    expect(await refused.ended).toEqual(REFUSED);
    expect(sentenceOf(refused)).toMatch(new RegExp(`^Port ${portOf(first.url)} is taken\\..*PORT=\\d+\\.$`));
    expect(processesIn(beside)).toEqual([]);
    expect(await eventsOf(first)).toBe(1);

    const second = await startEmbeddedProcess({ home: beside });
    expect(portOf(second.url)).not.toBe(portOf(first.url));
    expect(second.apiKey).not.toBe(first.apiKey);
    await second.client.send([{ name: "here" }, { name: "here" }]);
    expect([await eventsOf(first), await eventsOf(second)]).toEqual([1, 2]);
    second.process.send("SIGINT");
    expect(await second.process.ended).toEqual(STARTED);
    expect(processesIn(beside)).toEqual([]);
  }, 180_000);

  it("on the data of a newer version says so and changes nothing", async () => {
    const beside = directory.home("beside");
    const path = join(beside, "version.json");
    const newer = (await readFile(path, "utf8")).replace(/"version": ?\d+/, '"version": 99');
    await writeFile(path, newer);
    const refused = spawnEmbedded({ home: beside });
    expect(await refused.ended).toEqual(REFUSED);
    expect(sentenceOf(refused)).toMatch(/written by a newer Tessera \(layout 99, .*Nothing was changed\.$/);
    expect(await readFile(path, "utf8")).toBe(newer);
  }, 90_000);

  it("because of a wrong setting names the setting", async () => {
    const refused = spawnEmbedded({ home: directory.home("beside"), environment: { PORT: "many" } });
    expect(await refused.ended).toEqual(REFUSED);
    expect(sentenceOf(refused)).toContain("PORT");
  }, 90_000);
});

describe("stopping and starting again", () => {
  it("SIGTERM: requests in flight are answered, the exit code is 0 and no process is left behind", async () => {
    const { url, apiKey } = first;
    const event = JSON.stringify([{ id: randomUUID(), name: "in_flight", userId: "grace" }]);
    const sending = await startRequest(url, "/api/v2/events", apiKey, event);
    const asking = await startRequest(url, "/graphql", apiKey, JSON.stringify({ query: "{ tenant { id } }" }));
    first.process.send("SIGTERM");
    await first.process.said(/SIGTERM/);
    const [sent, asked] = await Promise.all([sending.finish(), asking.finish()]);
    expect(sent).toMatch(/^HTTP\/1\.1 200 [\s\S]*"accepted":1/);
    expect(asked).toMatch(/^HTTP\/1\.1 200 [\s\S]*"id":"/);
    expect(await first.process.ended).toEqual(STARTED);
    expect(processesIn(home)).toEqual([]);
  }, 90_000);

  it("SIGINT while it still starts leaves no process behind either", async () => {
    const started = spawnEmbedded({ home });
    await started.said(/✔ Starting PostgreSQL and ClickHouse/);
    started.send("SIGINT");
    expect(await started.ended).toEqual(STARTED);
    expect(processesIn(home)).toEqual([]);
  }, 90_000);

  it("the second start has the same key and data, and gives its first answer soon", async () => {
    const startedMs = performance.now();
    first = await startEmbeddedProcess({ home, through: "npm start" });
    expect(await eventsOf(first)).toBe(2);
    const tookMs = performance.now() - startedMs;
    expect({ tenantId: first.tenantId, apiKey: first.apiKey }).toEqual({
      tenantId: known.tenantId,
      apiKey: known.apiKey,
    });
    expect(tookMs).toBeLessThan(SECOND_START_BOUND_MS);
  }, 120_000);

  it("after kill -9 of the server, a stale lock and orphaned engines: everything acknowledged is there exactly once", async () => {
    const senders = startSenders({ url: () => first.url, apiKey: first.apiKey });
    await senders.more(20);
    const before = await readPids(home);
    process.kill(before.server, "SIGKILL");
    expect((await first.process.ended).code).not.toBe(0);
    await senders.stop();
    first = await startEmbeddedProcess({ home, through: "npm start" });
    const after = await readPids(home);
    expect(after.server).not.toBe(before.server);
    expect(first.apiKey).toBe(known.apiKey);
    await eventually(async () => expect(await askReadiness(first.url)).toEqual({ status: 200, missing: [] }));
    expect(senders.acknowledged.size).toBeGreaterThan(0);
    await expectExactlyOnce(await storeOwnerOf(home), first.tenantId, senders, 2);
  }, 180_000);
});

const asRoot = process.getuid?.() === 0 ? describe : describe.skip;
if (process.getuid?.() !== 0)
  console.warn("Not root: a start as another user is not tried, this whole run is one by a normal user.");

asRoot("started by a normal user", () => {
  it("works in a checkout and on a machine that belong to root", async () => {
    const user = unprivilegedRunUser();
    if (user === null) throw new Error("This is root.");
    const place = await makeTemporaryDirectory();
    await run("chown", [`${user.uid}:${user.gid}`, place.path]);
    const environment = { HOME: place.path, TMPDIR: place.path };
    const started = await startEmbeddedProcess({ home: place.home("home"), through: "npm start", environment, user });
    await started.client.send([{ name: "hello" }]);
    expect(await eventsOf(started)).toBe(1);
    expect((await stat(join(started.home, "demo.json"))).uid).toBe(user.uid);
    expect(await started.process.stop()).toEqual(STARTED);
    expect(processesIn(place.path)).toEqual([]);
    await place.remove();
  }, 240_000);
});
