import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { IdentityKey, IdentityRules } from "../../domain/people/identity.ts";
import type { Change, Decision, Identity } from "../../domain/people/links.ts";
import { changeRow, copiedRow, identityRow, ofPersonRow, stateRow } from "./people-rows.ts";
import * as statements from "./people-statements.ts";
import type { NumberedKey, PeopleChange, PeopleState, PeopleStore, Wish, WishOutcome } from "./people-store-types.ts";

/** Changed people that are copied at once; more than one change moves, so that each copy gets on. */
const COPIED_AT_ONCE = 20_000;

interface Deps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
  /** Rules of a tenant that has set none. */
  readonly defaults: IdentityRules;
  /** What is known of an id nobody has linked. */
  readonly unlinked: (key: IdentityKey) => Identity;
  readonly bounds: { readonly links: number; readonly identities: number };
}

const nothing = (): null => null;
const tenantRow = (row: unknown): TenantId => {
  const id = parseTenantId(z.object({ tenant_id: z.string() }).parse(row).tenant_id);
  if (id === null) throw new Error("The row names no tenant.");
  return id;
};

const locked = async (transaction: SqlTransaction, tenantId: TenantId): Promise<PeopleState> => {
  await transaction.run(statements.ensureStateStatement(tenantId), nothing);
  const [state] = await transaction.run(statements.stateStatement(tenantId, true), stateRow);
  if (state === undefined) throw new Error("The state of the people was not stored.");
  return state;
};

const ensure = async (transaction: SqlTransaction, tenantId: TenantId, keys: readonly NumberedKey[]): Promise<void> => {
  for (const { key, person } of keys)
    await transaction.run(statements.ensureIdentityStatement(tenantId, key, person), nothing);
};

interface Next extends Pick<PeopleChange, "version" | "reason" | "by" | "atMs"> {
  readonly change: Change;
  /** Where the id goes that is put under another. */
  readonly root: IdentityKey;
}

const make = async (transaction: SqlTransaction, tenantId: TenantId, next: Next): Promise<PeopleChange> => {
  const { change, root, ...made } = next;
  const joins = change.action === "LINKED" || change.action === "MERGED";
  await transaction.run(
    joins
      ? statements.putUnderStatement(tenantId, change, root, made.version)
      : statements.takeFromUnderStatement(tenantId, change, made.version),
    nothing,
  );
  await transaction.run(statements.insertChangeStatement(tenantId, change, made), nothing);
  return { ...change, ...made };
};

const full = (): Decision => ({ change: null, whyNot: "TOO_MANY", seenUser: null });

const linksAfter = (links: number, change: Change, one: Identity): number => {
  if (change.action === "LINKED" || change.action === "MERGED") return links + 1;
  return one.parent === null ? links : links - 1;
};

const doWish = async (
  deps: Deps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  state: PeopleState,
  { one, other, decide, reason, by }: Wish,
): Promise<{ readonly outcome: WishOutcome; readonly state: PeopleState }> => {
  const keys = [one.key, other.key];
  const found = await transaction.run(statements.findIdentitiesStatement(tenantId, keys), identityRow);
  const known = ({ key }: NumberedKey): Identity => found.find((row) => row.key === key) ?? deps.unlinked(key);
  const wished = decide(known(one), known(other), state.rules);
  const joins = wished.change?.action === "LINKED" || wished.change?.action === "MERGED";
  const decision = joins && state.links >= deps.bounds.links ? full() : wished;
  const { change, seenUser } = decision;
  if (change !== null || seenUser !== null) await ensure(transaction, tenantId, [one, other]);
  if (seenUser !== null) await transaction.run(statements.seenUserStatement(tenantId, one.key, seenUser), nothing);
  if (change === null) return { outcome: { decision, made: null }, state };
  const next = { change, version: state.version + 1, reason, by, atMs: deps.nowMs(), root: known(other).root };
  const made = await make(transaction, tenantId, next);
  const links = linksAfter(state.links, change, known(one));
  await transaction.run(statements.moveStateStatement(tenantId, made.version, links), nothing);
  return { outcome: { decision, made }, state: { ...state, version: made.version, links } };
};

const wishAll =
  (deps: Deps): PeopleStore["wishAll"] =>
  async (transaction, tenantId, wishes) => {
    if (wishes.length === 0) return [];
    let state = await locked(transaction, tenantId);
    const outcomes: WishOutcome[] = [];
    for (const wish of wishes) {
      const done = await doWish(deps, transaction, tenantId, state, wish);
      state = done.state;
      outcomes.push(done.outcome);
    }
    return outcomes;
  };

const copy =
  ({ sql }: Deps): PeopleStore["copy"] =>
  (tenantId, write) =>
    sql.transaction(tenantId, async (transaction): Promise<boolean> => {
      const { version, copiedVersion } = await locked(transaction, tenantId);
      if (copiedVersion >= version) return false;
      const changed = statements.changedStatement(tenantId, copiedVersion, COPIED_AT_ONCE);
      const rows = await transaction.run(changed, copiedRow);
      const more = rows.length === COPIED_AT_ONCE;
      // The last change of a full page may go on beyond it.
      const upTo = more ? (rows.at(-1)?.version ?? version) - 1 : version;
      if (rows.length > 0) await write(rows);
      await transaction.run(statements.copiedStatement(tenantId, upTo), nothing);
      return more;
    });

/** Builds {@link PeopleStore}. */
export const createPeopleStore = (deps: Deps): PeopleStore => {
  const { sql, defaults, bounds } = deps;
  const all = wishAll(deps);
  const state: PeopleStore["state"] = async (tenantId) => {
    const [found] = await sql.run(tenantId, statements.stateStatement(tenantId, false), stateRow);
    return found ?? { version: 0, copiedVersion: 0, links: 0, rules: defaults };
  };
  return {
    state,
    setRules: async (tenantId, rules) => {
      await sql.transaction(tenantId, async (transaction) => {
        await locked(transaction, tenantId);
        await transaction.run(statements.setRulesStatement(tenantId, rules), nothing);
      });
      return state(tenantId);
    },
    wish: (tenantId, wish) =>
      sql.transaction(tenantId, async (transaction): Promise<WishOutcome> => {
        const [outcome] = await all(transaction, tenantId, [wish]);
        if (outcome === undefined) throw new Error("A wish has an outcome.");
        return outcome;
      }),
    wishAll: all,
    find: (tenantId, keys) =>
      keys.length === 0
        ? Promise.resolve([])
        : sql.run(tenantId, statements.findIdentitiesStatement(tenantId, keys), identityRow),
    identitiesOf: (tenantId, numbers) => {
      const most = numbers.length * bounds.identities;
      return numbers.length === 0
        ? Promise.resolve([])
        : sql.run(tenantId, statements.identitiesOfStatement(tenantId, numbers, most), ofPersonRow);
    },
    history: (tenantId, keys, first, before) =>
      sql.run(tenantId, statements.historyStatement(tenantId, keys, first, before), changeRow),
    copy: copy(deps),
    behindAcrossTenants: (max) => sql.runAcrossTenants(statements.behindStatement(max), tenantRow),
  };
};
