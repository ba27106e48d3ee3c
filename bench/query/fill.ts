import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { z } from "zod";
import { DAYS, generateEvents } from "../analytics/generated-events.ts";
import type { Serving } from "./serving.ts";

/** Events one statement makes: an interrupted fill has made whole statements, or is to be made again. */
const CHUNK = 1_000_000;
/** Milliseconds the events go on after the moment they are asked about, so that a live window finds some. */
const AHEAD_MS = 3_600_000;
/** Milliseconds before now from which a store that was filled earlier gets live events again. */
const BEHIND_MS = 600_000;
const DAY_MS = 86_400_000;

const filledShape = z.object({
  rows: z.number(),
  endMs: z.number(),
  done: z.number(),
  making: z.boolean(),
});
type Filled = z.infer<typeof filledShape>;

/** The folder in which a filled store is kept for later measurements; made when it is not there. Engines of another user have to pass through it. */
export const keptHome = async (data: string): Promise<string> => {
  await mkdir(data, { recursive: true, mode: 0o711 });
  return join(data, "home");
};

const writerOf = ({ storeUrl, passwords }: Serving) => ({
  ...{ url: storeUrl, username: "tessera_writer", password: passwords.tessera_writer },
});

/** What each table holds that counts every event. */
const COUNTS = `SELECT (SELECT count() FROM tessera.events), (SELECT count() FROM tessera.event_ids), (SELECT count() FROM tessera.events_by_person), (SELECT sum(rows) FROM tessera.batches),
  (SELECT sum(events) FROM tessera.rollup_hour_name), (SELECT sum(events) FROM tessera.rollup_day_dimensions) FORMAT JSONCompactEachRow`;

/** Whether all tables hold the same events: what was made by a statement that was stopped is then whole as far as it goes. */
const agree = async ({ storeUrl, passwords }: Serving, told: (what: string) => void): Promise<boolean> => {
  const authorization = `Basic ${Buffer.from(`tessera_owner:${passwords.tessera_owner}`).toString("base64")}`;
  const answer = await request(storeUrl, {
    method: "POST",
    body: COUNTS,
    headers: { authorization },
    headersTimeout: 0,
  });
  const counts = z.array(z.coerce.number()).parse(JSON.parse(await answer.body.text()));
  told(`a statement was stopped on its way; the tables hold ${counts.join(", ")} events`);
  return new Set(counts).size === 1;
};

/** Events of the time that is now, as many an hour as the month has: what was made earlier has none. */
const topUp = (instance: Serving, rows: number): Promise<void> => {
  const spreadMs = AHEAD_MS + BEHIND_MS;
  const count = Math.ceil((rows * spreadMs) / (DAYS * DAY_MS));
  const part = { from: 0, count, days: spreadMs / DAY_MS };
  const tenants = instance.tenants.map(({ tenantId }) => tenantId);
  return generateEvents(writerOf(instance), tenants, count, Date.now() + AHEAD_MS, part);
};

/**
 * Fills an instance with a month of events of its tenants and answers where the month ends, milliseconds since the epoch. With a folder it tells there how far it is: a
 * store that was filled is taken as it is, one whose filling was stopped between two statements is filled on.
 */
export const fillServing = async (
  instance: Serving,
  rows: number,
  data: string | null,
  told: (what: string) => void,
): Promise<number> => {
  const path = data === null ? null : join(data, "filled.json");
  const text = path === null ? null : await readFile(path, "utf8").catch(() => null);
  const endMs = Math.floor(Date.now() / 60_000) * 60_000;
  let filled: Filled = text === null ? { rows, endMs, done: 0, making: false } : filledShape.parse(JSON.parse(text));
  if (filled.rows !== rows)
    throw new Error(`${data} holds ${filled.rows} events: ask for so many by --rows, or take another folder.`);
  if (filled.making && !(await agree(instance, told)))
    throw new Error(`The filling of ${data} was stopped in the middle of a block: remove the folder.`);
  // What a statement that was stopped did not make is left out: a month with a moment of fewer events.
  if (filled.making) filled = { ...filled, done: Math.min(rows, filled.done + CHUNK), making: false };
  const keep = async (next: Filled): Promise<void> => {
    filled = next;
    if (path !== null) await writeFile(path, JSON.stringify(next));
  };
  if (filled.done === rows) {
    told("making live events");
    await topUp(instance, rows);
    return filled.endMs;
  }
  const tenants = instance.tenants.map(({ tenantId }) => tenantId);
  let stopping = false;
  const stop = (): void => {
    stopping = true;
  };
  process.once("SIGTERM", stop);
  while (filled.done < rows) {
    if (stopping)
      throw new Error(`The filling of ${String(data)} was stopped after a whole block: it goes on from there.`);
    const part = { from: filled.done, count: Math.min(CHUNK, rows - filled.done) };
    told(`making ${rows.toLocaleString("en-US")} events, ${filled.done.toLocaleString("en-US")} are there`);
    await keep({ ...filled, making: true });
    await generateEvents(writerOf(instance), tenants, rows, filled.endMs + AHEAD_MS, part);
    await keep({ ...filled, done: filled.done + part.count, making: false });
  }
  process.off("SIGTERM", stop);
  return filled.endMs;
};
