// Representative questions through the whole product, by GraphQL over HTTP, beside SQL by hand against the bare engine in the same run, asked at
// fixed rates whatever becomes of the answers: `node --import tsx bench/query/run.ts [--rows 10000000] [--seconds 4] [--only text] [--rates 1,8,100]`.
// Prints the tables of README.md. A hundred million rows take half an hour to make: `--rows 100000000`.
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Pool } from "undici";
import { z } from "zod";
import { DAYS } from "../analytics/generated-events.ts";
import { fillServing, keptHome } from "./fill.ts";
import { compareFast } from "./checked.ts";
import { openLoop, quantile } from "./open-loop.ts";
import { defineOwnRollups } from "./own-rollup.ts";
import { questionsUntil, type Question } from "./questions.ts";
import { startServing } from "./serving.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000000" },
    seconds: { type: "string", default: "4" },
    only: { type: "string", default: "" },
    rates: { type: "string", default: "1,8,100" },
    data: { type: "string", default: "" },
    fill: { type: "boolean", default: false },
  },
});
const ROWS = Math.min(Number(values.rows), 100_000_000);
const SECONDS = Math.min(Number(values.seconds), 30);
const RATES = values.rates.split(",").map(Number);
/** Of twenty tenants by size: the one with 28 % of all events, and one with 3 %. */
const ASKED = { largest: 0, tenth: 9 } as const;
const CONNECTIONS = 64;
/** Milliseconds: a rate at which half of the answers took longer is above what the machine can do, and a higher one would only measure its queue. */
const HELD_MS = 1_000;
/** Times a question is asked until it is answered, and milliseconds between them. */
const [TRIES, PAUSE_MS] = [4, 3_000];

const started = performance.now();
const told = (what: string): void => console.error(`${((performance.now() - started) / 1_000).toFixed(0)} s: ${what}`);
told("starting an instance");
const DATA = values.data === "" ? null : resolve(values.data);
const instance = await startServing([], DATA === null ? null : await keptHome(DATA));
/** Where the questions' ranges end. */
const endMs = await fillServing(instance, ROWS, DATA, told);
if (values.fill) {
  told("filled");
  await instance.stop();
  process.exit(0);
}

/** Milliseconds of processor time a second below which an instance does nothing but wait, and seconds after which it is measured anyway. */
const [IDLE_MS, SETTLED_SECONDS] = [150, 180];
/** Waits until the instance has read what it reads after a start: the ids of all events, so that none is stored twice. */
const settle = async (): Promise<void> => {
  for (let second = 0; second < SETTLED_SECONDS; second += 1) {
    const before = await instance.cpuMs();
    await wait(1_000);
    if ((await instance.cpuMs()) - before < IDLE_MS) return;
  }
};
/** Milliseconds of processor time in half a second below which neither instance nor store works on what was asked before, and half seconds after which a rate is measured anyway. */
const [LEFT_MS, LEFT_TIMES] = [100, 40];
/** Waits until what was asked before is through: a rate above what the machine can do leaves work behind that the next one would be told to have taken. */
const quiet = async (): Promise<void> => {
  for (let time = 0; time < LEFT_TIMES; time += 1) {
    const before = await instance.usedMs();
    await wait(500);
    const after = await instance.usedMs();
    if (after.cpuMs - before.cpuMs + after.storeCpuMs - before.storeCpuMs < LEFT_MS) return;
  }
};
told("waiting until it has read what it reads after a start");
await settle();

const graphPool = new Pool(instance.url, { connections: CONNECTIONS });
const storePool = new Pool(instance.storeUrl, { connections: CONNECTIONS });
const graphAnswer = z.object({ data: z.unknown().optional(), errors: z.unknown().optional() });
const provenance = z.object({ tables: z.array(z.object({ table: z.string() })), elapsedMs: z.number() });

const askGraph = async (
  apiKey: string,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  const answer = await graphPool.request({
    method: "POST",
    path: "/graphql",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = graphAnswer.parse(await answer.body.json());
  if (errors !== undefined) throw new Error(`${query.slice(0, 80)}: ${JSON.stringify(errors).slice(0, 500)}`);
  return data;
};
const byGraph =
  (question: Question, apiKey: string, more: Readonly<Record<string, unknown>> = {}) =>
  (): Promise<unknown> =>
    askGraph(apiKey, question.query, { ...question.variables, ...more });
const credentials = `Basic ${Buffer.from(`tessera_reader:${instance.passwords.tessera_reader}`).toString("base64")}`;
const rowsShape = z.object({ data: z.array(z.record(z.string(), z.unknown())) });
const byHand = (question: Question, tenantId: string) => async (): Promise<unknown> => {
  const params = new URLSearchParams({
    ...{ database: "tessera", default_format: "JSON", query_id: `${tenantId}:${randomUUID()}` },
    ...{ param_tenant: tenantId, param_from: String(endMs - DAYS * 86_400_000), param_to: String(endMs) },
  });
  const answer = await storePool.request({
    ...{ method: "POST", path: `/?${params.toString()}`, headers: { authorization: credentials }, body: question.sql },
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${question.title}: ${text.slice(0, 500)}`);
  return text;
};

const provenanceIn = (data: unknown) =>
  provenance.parse(
    Object.values(z.record(z.string(), z.record(z.string(), z.unknown())).parse(data))[0]?.["provenance"],
  );
const pathOf = (data: unknown): string => [...new Set(provenanceIn(data).tables.map(({ table }) => table))].join(" + ");
/** Times a question is asked one after the other, to see what it costs whom, and milliseconds after which it is enough. */
const [ALONE, ALONE_MS] = [20, 8_000];
/** Milliseconds the engine worked for an answer, the median, and the means of the processor time that the instance and the event store took. */
const costOf = async (ask: () => Promise<unknown>) => {
  const engine: number[] = [];
  const before = await instance.usedMs();
  const since = performance.now();
  while (engine.length < ALONE && (engine.length === 0 || performance.now() - since < ALONE_MS))
    engine.push(provenanceIn(await patiently(ask)).elapsedMs);
  const after = await instance.usedMs();
  const addedMs = (after.cpuMs - before.cpuMs) / engine.length;
  const storeMs = (after.storeCpuMs - before.storeCpuMs) / engine.length;
  return { engineMs: quantile(engine, 0.5), addedMs, storeMs };
};

/** The same question, to be answered in about 100 ms from as many persons as can be read in that. */
const fastly = (question: Question): Question => ({
  ...question,
  variables: {
    ...question.variables,
    input: { ...z.record(z.string(), z.unknown()).parse(question.variables["input"]), fast: true },
  },
});

const expectEqual = (question: Question, data: unknown, text: unknown): void => {
  if (question.equal === null) return;
  const ours = question.equal(data);
  const theirs = rowsShape.parse(JSON.parse(String(text))).data.reduce((sum, row) => sum + Number(row["n"]), 0);
  if (ours !== theirs) throw new Error(`${question.title}: ${ours} by the graph, ${theirs} by hand`);
};

/** Asks until there is an answer, a few times: what was asked too often before may still be on its way through the engine. */
const patiently = async (ask: () => Promise<unknown>): Promise<unknown> => {
  for (let time = 1; time < TRIES; time += 1)
    try {
      return await ask();
    } catch {
      await wait(PAUSE_MS);
    }
  return ask();
};

/** Milliseconds until there is an answer. */
const timed = async (ask: () => Promise<unknown>): Promise<number> => {
  const before = performance.now();
  await patiently(ask);
  return performance.now() - before;
};

/** Milliseconds of the first answer after the engine forgot what it had read. */
const cold = async (ask: () => Promise<unknown>): Promise<number> => {
  const owner = `Basic ${Buffer.from(`tessera_owner:${instance.passwords.tessera_owner}`).toString("base64")}`;
  for (const cache of ["MARK", "UNCOMPRESSED", "PRIMARY INDEX"]) {
    const answer = await storePool.request({
      ...{ method: "POST", path: "/", headers: { authorization: owner }, body: `SYSTEM DROP ${cache} CACHE` },
    });
    await answer.body.dump();
  }
  return timed(ask);
};

interface Line {
  readonly coldMs: number;
  readonly rates: readonly string[];
  readonly p50AtOne: number;
}

const measure = async (ask: () => Promise<unknown>): Promise<Line> => {
  await quiet();
  const coldMs = await cold(ask);
  const warmMs: number[] = [];
  for (let warm = 0; warm < 3; warm += 1) warmMs.push(await timed(ask));
  const alone = quantile(warmMs, 0.5);
  let held = alone <= HELD_MS;
  const rates = held ? [] : [`${alone.toFixed(0)} alone`];
  let p50AtOne = held ? Number.NaN : alone;
  for (const rate of RATES.slice(rates.length)) {
    if (!held) {
      rates.push("queue");
      continue;
    }
    await quiet();
    const { latenciesMs, answered, asked } = await openLoop(rate, rate === 1 ? Math.max(SECONDS, 8) : SECONDS, ask);
    const [p50, p99] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)];
    if (rate === 1) p50AtOne = p50;
    held = answered === asked && p50 <= HELD_MS;
    rates.push(
      `${p50.toFixed(0)} / ${p99.toFixed(0)}${answered < asked ? ` (${asked - answered} of ${asked} not)` : ""}`,
    );
  }
  return { coldMs, rates, p50AtOne };
};

/** What a fast answer was drawn from, and how far from the exact one it was. */
const drawnOf = (question: Question, data: unknown, estimated: unknown): string => {
  if (question.fast === undefined || data === null) return "nothing exact beside it";
  const { fraction, numbers, worst } = compareFast(question.title, data, estimated, question.fast);
  if (fraction === null) return "exact";
  return `1 of ${(1 / fraction).toFixed(0)} persons, ${numbers} numbers at most ${worst.toFixed(1)} standard errors away`;
};

const whole = (numbers: readonly number[]): readonly string[] => numbers.map((ms) => ms.toFixed(0));

/** A line for a question as it is asked by default, beside SQL by hand. */
const printExact = async (
  question: Question,
  size: string,
  { data, graph, hand }: { data: unknown; graph: () => Promise<unknown>; hand: () => Promise<unknown> },
): Promise<void> => {
  expectEqual(question, data, await patiently(hand));
  const ours = await measure(graph);
  const { engineMs, addedMs, storeMs } = await costOf(graph);
  const bare = await measure(hand);
  const beyond = whole([engineMs, ours.p50AtOne - engineMs, addedMs, storeMs, ours.p50AtOne - bare.p50AtOne]);
  const cells = [question.title, size, pathOf(data), ...whole([ours.coldMs]), ...ours.rates];
  console.log(`| ${[...cells, ...whole([bare.coldMs]), ...bare.rates, ...beyond].join(" | ")} |`);
};

/** A line for a question that is asked `fast`, compared with what is exact where that was answered. */
const printFast = async (question: Question, size: string, data: unknown, apiKey: string): Promise<void> => {
  const fast = byGraph(fastly(question), apiKey);
  const estimated = await patiently(fast);
  const quick = await measure(fast);
  const { engineMs, addedMs, storeMs } = await costOf(fast);
  const dashes = ["–", ...RATES.map(() => "–")];
  const rest = whole([engineMs, quick.p50AtOne - engineMs, addedMs, storeMs]);
  const path = `${pathOf(estimated)}: ${drawnOf(question, data, estimated)}`;
  const cells = [`${question.title}, fast`, size, path, ...whole([quick.coldMs]), ...quick.rates];
  console.log(`| ${[...cells, ...dashes, ...rest, "–"].join(" | ")} |`);
};

told("building rollups of two tenants' own");
for (const place of Object.values(ASKED)) {
  const apiKey = instance.tenants[place]?.apiKey ?? "";
  await defineOwnRollups((query, variables) => askGraph(apiKey, query, variables));
}

const load = (): string =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(" ");
console.log(
  `${ROWS.toLocaleString("en-US")} events of 20 tenants over ${DAYS} days; ${cpus().length} cores, load ${load()}, node ${process.version}.`,
);
console.log("Milliseconds: the first answer with cold caches, then p50 / p99 at each rate of an open loop.\n");
console.log(
  `| question | tenant | path | cold | ${RATES.map((rate) => `${rate}/s`).join(" | ")} | by hand: cold | ${RATES.map((rate) => `${rate}/s`).join(" | ")} | engine for the graph | p50 at 1/s beyond the engine | processor time added | processor time of the store | beyond SQL by hand |`,
);
console.log(`|${" --- |".repeat(2 * RATES.length + 10)}`);
for (const question of questionsUntil(endMs).filter(({ title }) => title.includes(values.only)))
  for (const [size, place] of Object.entries(ASKED)) {
    const tenant = instance.tenants[place];
    if (tenant === undefined) throw new Error("There are twenty tenants.");
    told(`${question.title}, ${size}`);
    const [graph, hand] = [byGraph(question, tenant.apiKey), byHand(question, tenant.tenantId)];
    try {
      const data = await patiently(graph).catch(() => null);
      if (data === null) console.log(`| ${question.title} | ${size} | not answered within its bounds |`);
      else await printExact(question, size, { data, graph, hand });
      if (question.fast !== undefined) await printFast(question, size, data, tenant.apiKey);
    } catch (error) {
      // The rest is worth its hour; the run fails in the end.
      console.log(`| ${question.title} | ${size} | failed: ${errorMessage(error)} |`);
      process.exitCode = 1;
    }
  }
const cube = questionsUntil(endMs).find(({ title }) => title.startsWith("cube"));
const [largest] = instance.tenants;
if (cube !== undefined && largest !== undefined) {
  told("an answer that was given before");
  const ask = byGraph(cube, largest.apiKey, { maxStaleness: "PT1H" });
  await patiently(ask);
  const { rates } = await measure(ask);
  console.log(
    `\nThe same cube as young as an hour (maxStaleness), p50 / p99 at ${RATES.join(", ")}/s: ${rates.join("; ")}.`,
  );
}
console.log(
  `\nProcessor time of the instance without its engines: ${((await instance.cpuMs()) / 1_000).toFixed(0)} s. Load at the end ${load()}.`,
);
await Promise.all([graphPool.close(), storePool.close()]);
await instance.stop();
