import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const readBody = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    request.on("error", reject);
  });

/** The same bare front for every contender: POST answers by path, GET /cpu gives this process's CPU time in microseconds. */
export const startFront = async (
  answer: (path: string, body: string) => Promise<string>,
): Promise<{ server: Server; port: number }> => {
  const server = createServer((request, response) => {
    if (request.url === "/cpu") {
      const { user, system } = process.cpuUsage();
      response.end(String(user + system));
      return;
    }
    readBody(request)
      .then((body) => answer(request.url ?? "/", body))
      .then(
        (text) => {
          response.setHeader("content-type", "application/json");
          response.end(text);
        },
        (error: unknown) => {
          response.statusCode = 500;
          response.end(String(error));
        },
      );
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { server, port: address.port };
};
