import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import fc from "fast-check";
import { ASKED, commentMade, commentRoom } from "../../../testing/comment-room.ts";
import { counts, openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { listed, tryComment, type CommentTry, type PlainComment } from "../../../testing/reference-comments.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

type Page = Awaited<ReturnType<ReturnType<typeof commentRoom>["commentsOf"]>>;

describe("any comments, by anybody, in any order", () => {
  const words = fc.constantFrom("a", "b", "c");
  const by = fc.nat({ max: 2 });
  const place = fc.nat({ max: 7 });
  const tries = fc.array(
    fc.oneof(
      fc.record({
        ...{ kind: fc.constant("COMMENT" as const), by, text: words },
        ...{ widget: fc.option(fc.nat({ max: 1 })), on: fc.option(place) },
      }),
      fc.record({ kind: fc.constant("EDIT" as const), by, text: words, on: place }),
      fc.record({ kind: fc.constant("RESOLVE" as const), by, resolved: fc.boolean(), on: place }),
      fc.record({ kind: fc.constant("REMOVE" as const), by, on: place }),
    ),
    { minLength: 4, maxLength: 14 },
  );
  type Drawn = typeof tries extends fc.Arbitrary<(infer One)[]> ? One : never;
  interface Scene {
    readonly id: string;
    readonly widgets: readonly string[];
    readonly people: readonly Caller[];
    readonly plain: PlainComment[];
  }

  /** What was drawn, about what is there; null when there is nothing yet to do it to. */
  const tryOf = ({ widgets, people, plain }: Scene, drawn: Drawn): CommentTry | null => {
    const on = drawn.on === null || plain.length === 0 ? null : drawn.on % plain.length;
    const who = `USER:${people[drawn.by]?.subject.id ?? ""}`;
    if (drawn.kind === "COMMENT")
      return { ...drawn, by: who, on, widgetId: on === null ? (widgets[drawn.widget ?? -1] ?? null) : null };
    return on === null ? null : { ...drawn, by: who, on };
  };
  const asked = ({ id, plain }: Scene, tried: CommentTry): readonly [string, Record<string, unknown>] => {
    const about = plain[tried.on ?? -1]?.id ?? null;
    switch (tried.kind) {
      case "COMMENT": {
        const { text, widgetId } = tried;
        return [
          ASKED.ADD,
          { input: { dashboardId: id, text, widgetId, replyTo: about, idempotencyKey: randomUUID() } },
        ];
      }
      case "EDIT":
        return [ASKED.EDIT, { id: about, text: tried.text }];
      case "RESOLVE":
        return [ASKED.RESOLVE, { id: about, resolved: tried.resolved }];
      case "REMOVE":
        return [ASKED.REMOVE, { id: about }];
    }
  };
  const attempt = async (scene: Scene, drawn: Drawn): Promise<void> => {
    const tried = tryOf(scene, drawn);
    if (tried === null) return;
    const [owner, caller] = [scene.people[0], scene.people[drawn.by]];
    if (owner === undefined || caller === undefined) throw new Error("Nobody tries.");
    const { data, errors } = await room.answer(caller, ...asked(scene, tried));
    const newId = tried.kind === "COMMENT" ? commentMade(data).comment.id : "";
    const expected = tryComment(scene.plain, tried, newId, `USER:${owner.subject.id}`);
    expect(errors?.[0]?.extensions?.["code"] ?? "DONE").toBe(expected === "UNCHANGED" ? "DONE" : expected);
  };
  const allPages = async (owner: Caller, id: string, which: object): Promise<readonly unknown[]> => {
    const found: unknown[] = [];
    let after: string | null = null;
    do {
      const page: Page = await commentRoom(room).commentsOf(owner, id, { ...which, first: 3, after });
      found.push(...page.edges.map(({ node }) => node));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    return found;
  };
  const whole = ({ removed, resolved, ...one }: PlainComment) => ({
    ...{ ...one, removedAt: removed ? expect.any(String) : null },
    resolvedAt: resolved ? expect.any(String) : null,
  });

  test("are those of the definition, whatever is asked for, in pages", async () => {
    const owner = person();
    const people = [owner, person(owner.tenantId), person(owner.tenantId)];
    await fc.assert(
      fc.asyncProperty(tries, async (drawn) => {
        const { id, widgets } = await commentRoom(room).board(owner, counts(["view"]), counts(["buy"]));
        const scene: Scene = { id, widgets, people, plain: [] };
        for (const one of drawn) await attempt(scene, one);
        const [widget = "", thread = randomUUID()] = [widgets[0], scene.plain[0]?.threadId];
        for (const which of [{}, { resolved: true }, { resolved: false }, { widget }, { thread }])
          expect(await allPages(owner, id, which)).toEqual(listed(scene.plain, which).map(whole));
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
