import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = BROWSERS.find((path) => existsSync(path));
/** Milliseconds for the first load of the editor, its workers and the schema on a busy machine. */
const PATIENCE_MS = 40_000;

const inBrowser = executablePath === undefined ? it.skip : it;
if (executablePath === undefined)
  console.warn(
    `No chromium at ${BROWSERS.join(", ")}: the pages are not tried. Install it: apt-get install -y chromium`,
  );

const texts = z.record(z.string(), z.string());
const keptShape = z.object({ session: texts, local: texts, cookie: z.string() });

let instance: SharedTenant;
let browser: Browser;
let page: Page;
const foreignRequests: string[] = [];
const complaints: string[] = [];

const watch = (opened: Page, own: string): void => {
  const hosts = [own, own.replace("http", "ws"), "data:", "blob:"];
  const note = (url: string): void => {
    if (!hosts.some((host) => url.startsWith(host))) foreignRequests.push(url);
  };
  opened.on("request", (request) => note(request.url()));
  opened.on("websocket", (socket) => note(socket.url()));
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
};

/** Milliseconds of the page after which GraphiQL knows the operations of the document it shows. */
const READING_MS = 2_000;

/** What a pane shows; the editor renders blanks as no-break spaces. */
const shownIn = async (pane: string): Promise<string> =>
  (await page.locator(`${pane} .view-lines`).innerText()).replaceAll("\u00a0", " ");
const answer = (): Promise<string> => shownIn(".result-window");
const soon = async (holds: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline && !(await holds())) await page.waitForTimeout(200);
};
const run = () => page.click("button.graphiql-execute-button");
/** Opens a tab by the name of its operation; a click before the editor is there goes nowhere, so it is repeated. */
const openTab = async (name: string): Promise<void> => {
  await soon(async () => {
    await page.click(`.graphiql-tab-button:has-text("${name}")`);
    return (await shownIn(".graphiql-query-editor")).includes(` ${name}`);
  });
  expect(await shownIn(".graphiql-query-editor")).toContain(` ${name}`);
  // GraphiQL reads a document a moment after it is shown; a timer of the page itself ends after that, however busy the machine is.
  await page.evaluate(`new Promise((resolve) => setTimeout(resolve, ${READING_MS}))`);
};
const answerSoon = async (part: string): Promise<void> => {
  await soon(async () => (await answer()).includes(part));
  expect(await answer()).toContain(part);
};

/** The part of an OpenAPI document that lists endpoints. */
const described = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

describe("the pages, in a browser", () => {
  beforeAll(async () => {
    if (executablePath === undefined) return;
    instance = await openTenant();
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(PATIENCE_MS);
    watch(page, instance.url);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
  }, 60_000);

  inBrowser(
    "leads from the landing page to GraphiQL, which asks for a key and says why it refuses a wrong one",
    async () => {
      await page.goto(instance.url);
      await page.click("text=GraphiQL");
      await page.waitForSelector("text=Ask the graph");
      await page.fill("input[name=api-key]", "tsr_live_mistyped");
      await page.click("text=Use key");
      await page.waitForSelector("[role=alert]");
      expect(await page.innerText("[role=alert]")).toContain("neither an API key nor an access token");
      // The browser reports the refusal itself; nothing else may be wrong so far.
      expect(complaints.splice(0)).toEqual([expect.stringContaining("401")]);
    },
    90_000,
  );

  inBrowser(
    "keeps the key in the tab alone: not in the address, not in what outlives the tab",
    async () => {
      await page.fill("input[name=api-key]", instance.apiKey);
      await page.click("text=Use key");
      await page.waitForSelector("button.graphiql-execute-button");
      const kept = keptShape.parse(
        await page.evaluate(
          "({ session: { ...sessionStorage }, local: { ...localStorage }, cookie: document.cookie })",
        ),
      );
      expect(Object.values(kept.session)).toContain(instance.apiKey);
      expect(JSON.stringify(kept.local)).not.toContain(instance.apiKey);
      expect(kept.cookie).toBe("");
      expect(page.url()).toBe(`${instance.url}/graphiql`);
    },
    90_000,
  );

  inBrowser(
    "runs a mutation and a query over HTTP",
    async () => {
      await openTab("IngestEvents");
      await run();
      await answerSoon('"accepted": 2');
      await openTab("RealtimeMetrics");
      await run();
      await answerSoon('"events": 2');
      expect(await answer()).toContain('"exactness"');
    },
    120_000,
  );

  inBrowser(
    "runs a subscription over WebSocket, which shows events as they come",
    async () => {
      await openTab("LiveMetrics");
      await run();
      await answerSoon('"events": 2');
      const stored = await fetch(`${instance.url}/api/v2/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify([{ name: "signup", userId: "grace" }]),
      });
      expect(stored.status).toBe(200);
      await answerSoon('"name": "signup"');
    },
    120_000,
  );

  inBrowser(
    "shows the REST reference with every endpoint",
    async () => {
      await page.goto(`${instance.url}/docs`);
      await page.waitForSelector(".opblock");
      const { paths } = described.parse(await (await fetch(`${instance.url}/api/v2/openapi.json`)).json());
      const endpoints = Object.values(paths).flatMap((methods) => Object.keys(methods));
      expect(endpoints.length).toBeGreaterThan(10);
      expect(await page.locator(".opblock").count()).toBe(endpoints.length);
    },
    90_000,
  );

  inBrowser("asks no other host for anything, and breaks no rule of its own policy", () => {
    expect(foreignRequests).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
