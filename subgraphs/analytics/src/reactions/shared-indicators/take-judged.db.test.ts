import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ANOMALY_JUDGED, type AnomalyJudged } from "@tessera/contracts/events/anomaly-judged";
import { parseAnomalyId, parseRuleId, type TenantId } from "@tessera/contracts/ids";
import {
  INDICATOR_START_MS,
  newCard,
  openIndicatorRoom,
  sharerOf,
  type IndicatorRoom,
} from "../../../testing/indicator-room.ts";
import { keptIndicators } from "../../operations/shared-indicators/indicator-operations.ts";
import { plainForm } from "../../operations/shared-indicators/plain-form.ts";
import { createJudgedConsumer } from "./take-judged.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;
/** Looks at what was consumed before a test gives up: entries show when older transactions beside them have ended. */
const LOOKS = 200;

let room: IndicatorRoom;
beforeAll(() => {
  room = openIndicatorRoom();
});
afterAll(() => room.close());

const anomaly = () => {
  const [anomalyId, ruleId] = [parseAnomalyId(randomUUID()), parseRuleId(randomUUID())];
  if (anomalyId === null || ruleId === null) throw new Error("A UUID is an id.");
  return { anomalyId, ruleId };
};
const velocity = { by: "properties.card", event: {}, within: "PT1H", moreThan: 5 };
type Word = Pick<AnomalyJudged, "anomalyId" | "ruleId" | "verdict"> & {
  readonly card: string;
  readonly question?: object;
};
const say = async (tenantId: TenantId, { card, question = { velocity }, ...word }: Word): Promise<void> => {
  const group = [{ name: "properties.card", value: card }];
  const payload = { tenantId, ...word, question, group, atMs: room.clock.nowMs };
  await room.world.resources.eventLog.append([{ tenantId, topic: ANOMALY_JUDGED, dedupeKey: randomUUID(), payload }]);
};
const contributedBy = async (tenantId: TenantId): Promise<number | undefined> =>
  (await room.open().operations.sharedIndicatorMembership(sharerOf(tenantId)))?.contributed;
/** Consumes until the tenant contributes as many. */
const until = async (tenantId: TenantId, contributed: number): Promise<void> => {
  const { sql, logger } = room.world.resources;
  const { indicators, indicatorKeys, nowMs } = room.open();
  const keep = keptIndicators.bind(null, { indicatorKeys });
  const consumer = createJudgedConsumer({ sql, logger, indicators, plainForm, keep, nowMs });
  for (let look = 0; look < LOOKS && (await contributedBy(tenantId)) !== contributed; look += 1) {
    await consumer.drain();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await contributedBy(tenantId)).toBe(contributed);
};

test("what is behind an anomaly that people say is true is contributed while they say so, by those who share", async () => {
  room.clock.nowMs = INDICATOR_START_MS;
  const [card, mine, stranger, asking] = [
    newCard(),
    await room.addTenant(),
    await room.addTenant(),
    await room.addTenant(),
  ];
  const [one, other, early] = [anomaly(), anomaly(), anomaly()];
  await say(mine, { ...early, verdict: "TRUE", card: newCard() });
  await say(stranger, { ...one, verdict: "TRUE", card });
  room.clock.nowMs += 1;
  await room.join(mine);
  // Said of the same card, of what others reported, of what is no card, and of nothing that names one: once in all.
  await say(mine, { ...one, verdict: "TRUE", card });
  await say(mine, {
    ...other,
    verdict: "TRUE",
    card: newCard(),
    question: { velocity: { ...velocity, reported: {} } },
  });
  await say(mine, { ...anomaly(), verdict: "TRUE", card: "1111" });
  await say(mine, { ...anomaly(), verdict: "TRUE", card: newCard(), question: { olap: {} } });
  await say(mine, { ...other, verdict: "TRUE", card });
  await until(mine, 1);
  expect(await contributedBy(stranger)).toBeUndefined();
  await room.reportedBy([asking], randomBytes(8).toString("hex"));
  await room.reportedBy([await room.addTenant(), await room.addTenant()], card);
  room.clock.nowMs += 3 * DAY_MS;
  expect(await room.ask(asking, [card])).toEqual(["FEW"]);
  // Each anomaly is taken back by itself.
  await say(mine, { ...one, verdict: "FALSE", card });
  await say(mine, { ...anomaly(), verdict: "TRUE", card: newCard() });
  await until(mine, 2);
  expect(await room.ask(asking, [card])).toEqual(["FEW"]);
  await say(mine, { ...other, verdict: null, card });
  await until(mine, 1);
  expect(await room.ask(asking, [card])).toEqual([null]);
});
