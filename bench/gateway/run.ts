// CPU per federated request: the plan executor beside stock @apollo/gateway, in one run. Usage: node --import tsx bench/gateway/run.ts
import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parse } from "graphql";
import { Pool } from "undici";
import { fetchesOf } from "../../gateway/src/executor/plan.ts";
import { createPlanExecutor } from "../../gateway/src/executor/plan-executor.ts";
import { createInProcessConnection } from "../../gateway/src/connections/in-process.ts";
import { compose, QUESTION, schemas, VARIABLES } from "./graph.ts";

const CONCURRENCY = 50;
/** V8 keeps making a gateway faster for some thousand requests: every contender is warmed by as many. */
const WARM_UP_REQUESTS = 800;
/** The slowest contender goes first and has this long; those after it are warmed by as many requests as it managed. */
const WARM_UP_MS = 30_000;
/** Contenders take turns, so that a machine that slows down slows all of them. */
const ROUNDS = 3;
const TURN_MS = 1_700;
const CONTENDERS = ["stock-http", "own-http", "own-in-process"] as const;

type Started = { readonly child: ChildProcess; readonly pool: Pool; readonly url: string };

const start = (file: string, ...args: readonly string[]): Promise<Started> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      execArgv: ["--import", "tsx"],
      env: { ...process.env, NODE_ENV: "production", APOLLO_TELEMETRY_DISABLED: "true" },
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code}`)));
    child.once("message", (message: unknown) => {
      if (typeof message !== "object" || message === null || !("port" in message)) return;
      const url = `http://127.0.0.1:${String(message.port)}`;
      resolve({ child, url, pool: new Pool(url, { connections: CONCURRENCY }) });
    });
  });

const stop = async ({ child, pool }: Started): Promise<void> => {
  child.removeAllListeners("exit");
  await pool.destroy();
  child.kill("SIGTERM");
};

const BODY = JSON.stringify({ query: QUESTION, variables: VARIABLES });

const ask = async (gateway: Started): Promise<string> => {
  const { body } = await gateway.pool.request({
    path: "/",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: BODY,
  });
  return body.text();
};

const cpuMs = async ({ pool }: Started): Promise<number> => {
  const { body } = await pool.request({ path: "/cpu", method: "GET" });
  return Number(await body.text()) / 1_000;
};

const load = async (gateway: Started, ms: number, requests = Number.POSITIVE_INFINITY): Promise<number> => {
  const until = performance.now() + ms;
  let asked = 0;
  const client = async () => {
    while (performance.now() < until && asked < requests) {
      asked += 1;
      await ask(gateway);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  return asked;
};

type Row = {
  contender: string;
  gateway: Started;
  answer: string;
  warmUp: number;
  requests: number;
  gatewayMs: number;
  subgraphsMs: number;
};

const prepare = async (contender: string, subgraphs: Started): Promise<Row> => {
  const gateway = await start("./gateway-process.ts", contender, subgraphs.url);
  return { contender, gateway, answer: await ask(gateway), warmUp: 0, requests: 0, gatewayMs: 0, subgraphsMs: 0 };
};

/** One turn of a contender: its requests and the CPU time both processes spent on them. */
const takeTurn = async (row: Row, subgraphs: Started): Promise<void> => {
  const before = [await cpuMs(row.gateway), await cpuMs(subgraphs)] as const;
  row.requests += await load(row.gateway, TURN_MS);
  row.gatewayMs += (await cpuMs(row.gateway)) - before[0];
  row.subgraphsMs += (await cpuMs(subgraphs)) - before[1];
};

const plannedFetches = (planner: "hive" | "apollo"): number => {
  const connections = new Map(
    [...schemas()].map(([name, schema]) => [
      name,
      createInProcessConnection({ name, schema, createContext: () => ({}) }),
    ]),
  );
  const executor = createPlanExecutor({ supergraphSdl: compose((name) => `http://${name}`), connections, planner });
  const answer = executor.plan({ document: parse(QUESTION), variables: VARIABLES });
  return answer.kind === "plan" ? fetchesOf(answer.plan.steps).length : 0;
};

const print = (line: string) => process.stdout.write(`${line}\n`);

const subgraphs = await start("./subgraphs-process.ts");
const started = [subgraphs];
try {
  const rows = await Promise.all(CONTENDERS.map((contender) => prepare(contender, subgraphs)));
  started.push(...rows.map(({ gateway }) => gateway));
  let enough = WARM_UP_REQUESTS;
  for (const row of rows) {
    row.warmUp = await load(row.gateway, WARM_UP_MS, enough);
    enough = Math.min(enough, row.warmUp);
  }
  for (let round = 0; round < ROUNDS; round += 1) for (const row of rows) await takeTurn(row, subgraphs);
  const [stock] = rows;
  if (stock === undefined) throw new Error("nothing was measured");
  if (rows.some(({ answer }) => answer !== stock.answer)) throw new Error("the contenders answer differently");
  print(
    `answer ${stock.answer.length} bytes; fetches: stock's plan ${plannedFetches("apollo")}, ours ${plannedFetches("hive")}; ${CONCURRENCY} clients; load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`,
  );
  print(
    "| contender | gateway CPU ms/request | of stock | subgraphs' process CPU ms/request | warm-up requests | measured requests |",
  );
  print("|---|---:|---:|---:|---:|---:|");
  for (const { contender, gatewayMs, subgraphsMs, warmUp, requests } of rows) {
    const perRequest = gatewayMs / requests;
    const ratio = stock.gatewayMs / stock.requests / perRequest;
    print(
      `| ${contender} | ${perRequest.toFixed(3)} | 1/${ratio.toFixed(1)} | ${(subgraphsMs / requests).toFixed(3)} | ${warmUp} | ${requests} |`,
    );
  }
} finally {
  await Promise.all(started.map(stop));
}
