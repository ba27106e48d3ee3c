import type { TenantId, UserId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { PageRequest } from "../domain/page.ts";
import type { User } from "../domain/user.ts";
import type { ControlPlane } from "./control-plane.ts";
import { newestFirst } from "./newest-first.ts";
import { tenantIdColumn, timeColumn, userIdColumn } from "./stored-row.ts";

/** What became of adding a user. */
export type UserAddition =
  | { readonly kind: "ADDED"; readonly user: User }
  | { readonly kind: "EMAIL_TAKEN"; readonly user: User }
  | { readonly kind: "FULL" }
  | { readonly kind: "NO_TENANT" };

/** Rows of `tenant_user`. */
export interface UserStore {
  /** The named users of the tenant; others are left out. */
  findMany(tenantId: TenantId, ids: readonly UserId[]): Promise<readonly User[]>;
  /** Users from the newest on: those of the page and one more if there is one. */
  list(tenantId: TenantId, page: PageRequest): Promise<readonly User[]>;
  /** Adds a user unless the email address is taken or the tenant already has `limit` users. */
  add(user: User, limit: number): Promise<UserAddition>;
}

const userRow = z
  .object({
    id: userIdColumn,
    tenantId: tenantIdColumn,
    email: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    createdAt: timeColumn,
  })
  .transform(({ createdAt, ...row }): User => ({ ...row, createdAtMs: createdAt }));

const parse = (row: unknown): User => userRow.parse(row);

/** Builds {@link UserStore}. */
export const createUserStore = (controlPlane: ControlPlane): UserStore => ({
  findMany: (tenantId, ids) =>
    controlPlane.run(tenantId, async ({ tenantUser }) => {
      const rows = await tenantUser.findMany({ where: { tenantId, id: { in: [...ids] } } });
      return rows.map(parse);
    }),
  list: (tenantId, page) =>
    controlPlane.run(tenantId, async ({ tenantUser }) => {
      const { where, ...order } = newestFirst(page);
      const rows = await tenantUser.findMany({ where: { tenantId, ...where }, ...order });
      return rows.map(parse);
    }),
  add: async (user, limit) => {
    const { createdAtMs, roles, ...columns } = user;
    const addition = await controlPlane.lockingTenant(user.tenantId, async ({ tenantUser }): Promise<UserAddition> => {
      const taken = await tenantUser.findFirst({ where: { tenantId: user.tenantId, email: user.email } });
      if (taken !== null) return { kind: "EMAIL_TAKEN", user: parse(taken) };
      if ((await tenantUser.count({ where: { tenantId: user.tenantId } })) >= limit) return { kind: "FULL" };
      await tenantUser.create({ data: { ...columns, roles: [...roles], createdAt: new Date(createdAtMs) } });
      return { kind: "ADDED", user };
    });
    return addition ?? { kind: "NO_TENANT" };
  },
});
