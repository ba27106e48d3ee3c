import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";

/** The numbers that events of ids are stored with, one row each: `place` in the lists, from 1, and `person`. */
export const numbersStatement = (
  tenantId: string,
  ids: readonly { readonly kind: "USER" | "VISITOR"; readonly id: string }[],
): StoreStatement => ({
  name: "numbers-of-people",
  text:
    "SELECT place, toString(cityHash64({tenant: String}, id, toUInt8(signed_in))) AS person " +
    "FROM (SELECT {ids: Array(String)} AS ids, {users: Array(UInt8)} AS users) ARRAY JOIN ids AS id, users AS signed_in, arrayEnumerate(ids) AS place ORDER BY place",
  params: { tenant: tenantId, ids: ids.map(({ id }) => id), users: ids.map(({ kind }) => (kind === "USER" ? 1 : 0)) },
});

const row = z.object({ place: z.number(), person: z.string() });
/** Parses the number of an id. */
export const numberRow = (value: unknown): string => row.parse(value).person;
