// Many subscribers in one process: it opens them, and writes down how long after its publication each message came.
import { WebSocket } from "ws";
import { preciseNowMs, type SubscriberMessage } from "./messages.ts";

/** Sockets being opened at the same time. */
const OPENING_AT_ONCE = 100;
const QUERY = "subscription { events { cursor event { id name owner { title } } } }";
const PUBLISHED_AT = /at:([\d.]+):/;

const [, , wsUrl = "", authorization = "", countText = "0", rewindText = "0"] = process.argv;
const count = Number(countText);
/** Subscribers that each resume behind a cursor of their own, so that nothing is shared. */
const isAlone = rewindText === "alone";

const tell = (message: SubscriberMessage): void => void process.send?.(message);
let delaysMs: number[] = [];
let closed = 0;

const subscribe = (index: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(wsUrl, ["graphql-transport-ws"], { perMessageDeflate: false });
    socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization } })));
    socket.on("error", reject);
    socket.on("close", () => {
      closed += 1;
    });
    socket.on("message", (data: Buffer) => {
      const text = data.toString("latin1");
      const [, publishedAt] = PUBLISHED_AT.exec(text) ?? [];
      if (publishedAt !== undefined) delaysMs.push(preciseNowMs() - Number(publishedAt));
      else if (text.includes("connection_ack")) {
        const query = isAlone ? QUERY.replace("events {", 'events(after: "1000000") {') : QUERY;
        socket.send(JSON.stringify({ id: `subscriber-${index}`, type: "subscribe", payload: { query } }));
        socket.send(`{"type":"ping"}`);
      } else if (text.includes(`"pong"`)) resolve();
    });
  });

let opened = 0;
const openSome = async (): Promise<void> => {
  while (opened < count) {
    opened += 1;
    await subscribe(opened);
  }
};

process.on("message", () => {
  tell({ kind: "delays", delaysMs, closed });
  delaysMs = [];
});
process.on("disconnect", () => process.exit(0));
await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openSome));
tell({ kind: "subscribed", sockets: count });
