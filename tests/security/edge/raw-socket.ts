import { connect } from "node:net";

/** Milliseconds without a byte after which a connection that stays open is taken to have said everything. */
const SILENCE_MS = 400;

/** What a server did with bytes as they are. */
export interface RawExchange {
  readonly text: string;
  /** Status of the first answer; 0 when there was none. */
  readonly status: number;
  /** Answers on the connection. */
  readonly answers: number;
  readonly closed: boolean;
}

const exchangeOf = (text: string, closed: boolean): RawExchange => ({
  text,
  closed,
  status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
  answers: text.split(/HTTP\/1\.1 \d{3} /).length - 1,
});

/** Sends bytes on a connection of its own and hears what comes until it is closed or silent. */
export const sendRaw = (url: string, bytes: string | Buffer): Promise<RawExchange> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let text = "";
    let timer: NodeJS.Timeout | undefined;
    const done = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(exchangeOf(text, closed));
    };
    const wait = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => done(false), ms);
    };
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      wait(SILENCE_MS);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => done(true));
    socket.write(bytes);
    wait(10 * SILENCE_MS);
  });

/** Sends `first` and then `drip` again and again; answers what came and after how many milliseconds the server closed, at most `patienceMs`. */
export const sendSlowly = (
  url: string,
  first: string,
  drip: string,
  options: { readonly everyMs: number; readonly patienceMs: number },
): Promise<RawExchange & { readonly elapsedMs: number }> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const startedMs = performance.now();
    const socket = connect(Number(port), hostname);
    let text = "";
    const dripping = setInterval(() => drip !== "" && socket.writable && socket.write(drip), options.everyMs);
    const done = (closed: boolean): void => {
      clearInterval(dripping);
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...exchangeOf(text, closed), elapsedMs: performance.now() - startedMs });
    };
    const timer = setTimeout(() => done(false), options.patienceMs);
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => done(true));
    if (first !== "") socket.write(first);
  });
