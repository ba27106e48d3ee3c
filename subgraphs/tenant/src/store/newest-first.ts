import type { PageRequest } from "../domain/page.ts";

/** Prisma's arguments for one page of a list from the newest to the oldest, and one item more, which tells whether there is a next page. */
export const newestFirst = ({ first, after }: PageRequest) => {
  const before = after === null ? null : new Date(after.createdAtMs);
  const where =
    after === null || before === null
      ? {}
      : { OR: [{ createdAt: { lt: before } }, { createdAt: before, id: { lt: after.id } }] };
  return { where, orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: first + 1 } satisfies NewestFirst;
};

interface NewestFirst {
  readonly where: object;
  readonly orderBy: readonly Readonly<Record<string, "asc" | "desc">>[];
  readonly take: number;
}
