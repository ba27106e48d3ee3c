import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { StartProblem, systemErrorCode } from "./start-problem.ts";

/** The only address the embedded engines listen on: they are private to this machine. */
export const LOOPBACK_HOST = "127.0.0.1";

/** How often a start is repeated when another process takes a port between our check and the engine's bind. */
export const PORT_ATTEMPTS = 3;

/** Binds a port on loopback and releases it again; `0` asks the kernel for any. Resolves to the port, or null when taken. */
export const probeLoopbackPort = (port: number): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      const code = systemErrorCode(error);
      if (code === "EADDRINUSE" || code === "EACCES") resolve(null);
      else reject(error);
    });
    server.listen({ host: LOOPBACK_HOST, port, exclusive: true }, () => {
      const address = server.address();
      const bound = address === null || typeof address === "string" ? null : address.port;
      server.close(() => resolve(bound));
    });
  });

/** Lowest port that is picked for a server: below it are the ports that programs are known by. */
const LOWEST_PORT = 15_000;
/** Where the ports of outgoing connections begin when the system does not say (Linux's default, and the lowest of those in use elsewhere). */
const FIRST_CLIENT_PORT = 32_768;
/** Random ports that are tried before the kernel is asked for any. */
const RANDOM_ATTEMPTS = 50;

/** The first port of those that the system gives to outgoing connections (ip(7), ip_local_port_range). */
const firstClientPort = (): number => {
  try {
    const first = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
    return first > LOWEST_PORT ? first : FIRST_CLIENT_PORT;
  } catch {
    return FIRST_CLIENT_PORT;
  }
};

/**
 * A port of loopback that nobody uses now and that the system gives to no outgoing connection, so that a server that was killed finds it
 * free when it is started again; null when there is none.
 */
export const freeLoopbackPort = async (): Promise<number | null> => {
  const end = firstClientPort();
  for (let attempt = 0; attempt < RANDOM_ATTEMPTS; attempt += 1) {
    const port = await probeLoopbackPort(randomInt(LOWEST_PORT, end));
    if (port !== null) return port;
  }
  return probeLoopbackPort(0);
};

/** What `chooseLoopbackPort` needs: a port the operator insists on, and the one used last time, which is kept while it is free. */
export type PortWish = {
  readonly engine: string;
  readonly requested?: number | undefined;
  readonly previous?: number | undefined;
};

/** Picks the requested port (a StartProblem `PORT_TAKEN` when occupied), else the previous one when free, else any free port. */
export const chooseLoopbackPort = async ({ engine, requested, previous }: PortWish): Promise<number> => {
  if (requested !== undefined) {
    if ((await probeLoopbackPort(requested)) !== null) return requested;
    throw new StartProblem(
      "PORT_TAKEN",
      `${engine} cannot use port ${requested} on ${LOOPBACK_HOST}: another process holds it. Stop that process, choose another port, or name none and a free one is picked.`,
    );
  }
  const kept = previous === undefined ? null : await probeLoopbackPort(previous);
  const port = kept ?? (await freeLoopbackPort());
  if (port === null)
    throw new StartProblem(
      "PORT_TAKEN",
      `${engine} found no free port on ${LOOPBACK_HOST}: close some listening programs and start again.`,
    );
  return port;
};
