import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { newWebhookSecret, webhookHeaders } from "@tessera/platform/signatures/standard-webhooks";
import { z } from "zod";
import { exampleIn, WEBHOOK_DOCS, withCatalogue } from "../../testing/webhook-docs.ts";
import { RETRY_SECONDS } from "./retry-schedule.ts";

describe("docs/webhooks.md", () => {
  it("has the catalogue as it is", () => {
    const text = readFileSync(WEBHOOK_DOCS, "utf8");
    expect(text).toBe(withCatalogue(text));
  });

  it("has the schedule as it is", () => {
    const rows = [
      ...readFileSync(WEBHOOK_DOCS, "utf8").matchAll(/^ *\| (\d+) +\| (?:(\d+) (s|min|h))? +\| ([\d:]+) +\|$/gm),
    ];
    const units = { s: 1, min: 60, h: 3_600 };
    const told = rows.map(([, attempt, count, unit, since = ""]) => {
      const [hours = 0, minutes = 0, seconds = 0] = since.split(":").map(Number);
      const wait = unit === "s" || unit === "min" || unit === "h" ? Number(count) * units[unit] : 0;
      return [Number(attempt), wait, hours * 3_600 + minutes * 60 + seconds];
    });
    let since = 0;
    expect(told).toEqual(
      [0, ...RETRY_SECONDS].map((wait, place) => {
        since += wait;
        return [place + 1, wait, since];
      }),
    );
  });

  it("has an example that takes what is signed here, and nothing else", async () => {
    const source = Buffer.from(exampleIn("js")).toString("base64");
    const module: unknown = await import(`data:text/javascript;base64,${source}`);
    const call = z.custom<(...of: readonly unknown[]) => unknown>((value) => typeof value === "function");
    const { verifyWebhook } = z.object({ verifyWebhook: call }).parse({ ...z.looseObject({}).parse(module) });
    const [hmac, pair] = [newWebhookSecret("HMAC_SHA256", randomBytes), newWebhookSecret("ED25519", randomBytes)];
    const [body, at] = ['{"type":"job.finished"}', 1_795_000_000];
    const headers = webhookHeaders([hmac.secret, pair.secret], { id: "msg_1", timestamp: at, body });
    for (const key of [hmac.secret, pair.publicKey]) {
      expect(verifyWebhook(key, headers, body, at + 299)).toEqual({ type: "job.finished" });
      expect(() => verifyWebhook(key, headers, `${body} `, at)).toThrow("nobody");
      expect(() => verifyWebhook(key, headers, body, at + 301)).toThrow("too old");
      expect(() => verifyWebhook(key, { ...headers, "webhook-id": "msg_2" }, body, at)).toThrow("nobody");
    }
    expect(() => verifyWebhook(newWebhookSecret("HMAC_SHA256", randomBytes).secret, headers, body, at)).toThrow(
      "nobody",
    );
  });

  const noPython = spawnSync("python3", ["--version"]).status !== 0;
  (noPython ? it.skip : it)(
    `has an example in Python that takes what is signed here, and nothing else${noPython ? " (skipped: there is no python3)" : ""}`,
    () => {
      const { secret } = newWebhookSecret("HMAC_SHA256", randomBytes);
      const [other, pair] = [newWebhookSecret("HMAC_SHA256", randomBytes), newWebhookSecret("ED25519", randomBytes)];
      const [body, at] = ['{"type":"job.finished","text":"\u{1F525}"}', 1_795_000_000];
      const headers = webhookHeaders([pair.secret, secret], { id: "msg_1", timestamp: at, body });
      const asked = [
        ...[
          [secret, body, at + 299],
          [secret, `${body} `, at],
        ],
        ...[
          [secret, body, at + 301],
          [other.secret, body, at],
        ],
      ].map(([key, text, now]) => ({ key, headers, text, now }));
      const driver = `
import sys
for one in json.load(sys.stdin):
    try:
        print(verify_webhook(one["key"], one["headers"], one["text"].encode(), one["now"])["type"])
    except ValueError:
        print("refused")`;
      const ran = spawnSync("python3", ["-c", `${exampleIn("python")}${driver}`], { input: JSON.stringify(asked) });
      expect(ran.stderr.toString()).toBe("");
      expect(ran.stdout.toString().trim().split("\n")).toEqual(["job.finished", "refused", "refused", "refused"]);
    },
  );
});
