// How many webhooks and notifications a sender delivers a second, beside a bare client that posts the same number of bodies in the same run.
// node --import tsx bench/senders/run.ts [deliveries]
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { randomUUID } from "node:crypto";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import { eachOf } from "@tessera/platform/runtime/each-of";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { publishTestEngines } from "@tessera/platform/testing/config";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { z } from "zod";
import { createDeliverySender } from "../../subgraphs/anomaly/src/jobs/notify/send-due-deliveries.ts";
import { alertOf, openNotifyRoom } from "../../subgraphs/anomaly/src/testing/notify/notify-room.ts";
import { openWebhookRoom } from "../../subgraphs/anomaly/src/testing/webhook-room.ts";
import { machine } from "../query/one-tenant.ts";

const DELIVERIES = Number(process.argv[2] ?? 2_000);
/** Receivers: each is an endpoint, or a channel, of a tenant of its own. */
const RECEIVERS = 20;
/** Requests of the bare client under way: as many as a sender's. */
const AT_ONCE = 64;

const receiver = fork(fileURLToPath(new URL("./receiver-process.ts", import.meta.url)), [], {
  execArgv: ["--import", "tsx"],
});
const said = z.object({ address: z.object({ port: z.number() }) });
const { port } = said.parse((await once(receiver, "message"))[0]).address;
const url = `http://127.0.0.1:${port}`;
const takenCount = async (): Promise<number> => {
  receiver.send("how many");
  return z.object({ taken: z.number() }).parse((await once(receiver, "message"))[0]).taken;
};

publishTestEngines(await startEnginesHost());
const perReceiver = Math.floor(DELIVERIES / RECEIVERS);
const sent = perReceiver * RECEIVERS;

interface Measured {
  readonly what: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly taken: number;
}
const measure = async (what: string, work: () => Promise<unknown>): Promise<Measured> => {
  await takenCount();
  const [before, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const seconds = (performance.now() - before) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { what, seconds, cpuSeconds: (user + system) / 1e6, taken: await takenCount() };
};
/** Runs a job until nothing of a table is left that matches. */
const runUntil = async (job: Background, isDone: () => Promise<boolean>): Promise<void> => {
  await job.start();
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 100));
  await job.stop();
};
const measured: Measured[] = [];

const body = JSON.stringify({ type: "job.finished", data: { jobId: randomUUID(), filler: "x".repeat(300) } });
const requests = createPublicRequests({ allowLoopback: true });
const bare = () =>
  measure("a bare client", () =>
    eachOf(
      Array.from({ length: sent }, (_none, place) => place),
      AT_ONCE,
      () =>
        requests.send({
          ...{ method: "POST", url, headers: { "content-type": "application/json" }, body },
          ...{ timeoutMs: 15_000, maxAnswerBytes: 1_000 },
        }),
    ),
  );
measured.push(await bare());

const webhooks = await openWebhookRoom();
const endpoints = await eachOf(Array.from({ length: RECEIVERS }), 4, () =>
  webhooks.makeEndpoint({ url: `${url}/hook` }),
);
for (const to of endpoints) await webhooks.tellJobs(to, Array.from({ length: perReceiver }, randomUUID));
const countOf = async (text: string): Promise<number> =>
  z.array(z.object({ left: z.number() })).parse((await webhooks.engines.owner.query(text)).rows)[0]?.left ?? 0;
const epochMs = webhooks.clock.ms;
const startedMs = performance.now();
const ticking = setInterval(() => (webhooks.clock.ms = Math.floor(epochMs + performance.now() - startedMs)), 5);
const sender = webhooks.sender();
const looks = createRepeatedLook({
  ...{ name: "bench", everyMs: 250, look: () => sender.look(), logger: webhooks.engines.resources.logger, trouble: "" },
});
const left = "SELECT count(*)::integer AS left FROM webhook_delivery WHERE ended_at IS NULL";
measured.push(await measure("webhooks", () => runUntil(looks, async () => (await countOf(left)) === 0)));
clearInterval(ticking);
await sender.settled();
await webhooks.close();

const notify = await openNotifyRoom();
for (let place = 0; place < RECEIVERS; place += 1) {
  const tenantId = freshTenantId();
  const input = { webhook: { url: `${url}/hook` }, rateCap: { messages: 1_000, windowSeconds: 10 } };
  const channel = await notify.makeChannel(tenantId, { name: "hook", ...input });
  await notify.route(tenantId, [channel]);
  await notify.tell(
    tenantId,
    Array.from({ length: perReceiver }, () => alertOf(tenantId)),
  );
}
const job = createDeliverySender(notify.sending);
const unsent = "SELECT count(*)::integer AS left FROM notify_delivery WHERE finished_at IS NULL";
const unsentCount = async (): Promise<number> =>
  z.array(z.object({ left: z.number() })).parse((await notify.engines.owner.query(unsent)).rows)[0]?.left ?? 0;
measured.push(await measure("notifications", () => runUntil(job, async () => (await unsentCount()) === 0)));
await notify.close();
measured.push(await bare());

const bareRate = Math.max(
  ...measured.filter(({ what }) => what === "a bare client").map(({ seconds }) => sent / seconds),
);
console.log(`${machine()} ${sent} deliveries to ${RECEIVERS} receivers.`);
console.log("| what | deliveries/s | of the bare client's | processor ms a delivery | arrived |");
console.log("| --- | --- | --- | --- | --- |");
for (const { what, seconds, cpuSeconds, taken } of measured) {
  const rate = sent / seconds;
  const cells = [what, rate.toFixed(0), (rate / bareRate).toFixed(2), ((cpuSeconds * 1_000) / sent).toFixed(2), taken];
  console.log(`| ${cells.join(" | ")} |`);
}
receiver.disconnect();
await stopEnginesHost();
process.exit(0);
