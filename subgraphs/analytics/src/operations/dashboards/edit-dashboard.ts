import { createHash } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { applyChanges } from "../../domain/dashboards/apply-change.ts";
import {
  EDIT_KEPT_MS,
  MAX_DASHBOARDS,
  MAX_REBASE,
  SNAPSHOT_EVERY,
  type Dashboard,
} from "../../domain/dashboards/dashboard.ts";
import { difference } from "../../domain/dashboards/difference.ts";
import { emptyDocument } from "../../domain/dashboards/document.ts";
import { parseDescription, parseTitle } from "../../domain/dashboards/parse-parts.ts";
import { rebase } from "../../domain/dashboards/rebase.ts";
import { mayEdit, mayShare, mayView, parseShare, subjectOf, type ShareInput } from "../../domain/dashboards/sharing.ts";
import type {
  CreateOutcome,
  DashboardStore,
  EditOutcome,
  NewEdit,
} from "../../store/dashboards/dashboard-store-types.ts";
import type { CheckDeps } from "./check-question.ts";
import { parseOperations, type OperationInput } from "./parse-operations.ts";

/** What changing dashboards needs. */
export interface EditDeps extends CheckDeps {
  readonly dashboards: DashboardStore;
  readonly newId: () => string;
}

/** A dashboard to be, as the graph delivers it. */
export interface CreateDashboardInput {
  readonly id?: string | null | undefined;
  readonly title: string;
  readonly description?: string;
  readonly view?: ShareInput | null | undefined;
  readonly edit?: ShareInput | null | undefined;
}

/** An edit as the graph delivers it. */
export interface EditDashboardInput {
  readonly id: string;
  readonly baseVersion: number;
  readonly operations: readonly OperationInput[];
  readonly idempotencyKey: string;
}

const MAX_KEY = 200;
const OWNER_ONLY: ShareInput = { scope: "OWNER" };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** True for who may do something with a dashboard; refuses who may see it and not do that. To others it is not there: false. */
const allows = (dashboard: Dashboard, caller: Caller, may: typeof mayEdit, what: string): boolean => {
  if (may(dashboard.sharing, caller)) return true;
  if (!mayView(dashboard.sharing, caller)) return false;
  throw refuse("FORBIDDEN", `The dashboard is shared with the caller, but not for ${what} it: ask its owner.`, {
    field: "id",
  });
};

/** Makes a dashboard that is the caller's own; one of the id that the caller made before stays as it is. */
export const createDashboard =
  ({ dashboards, newId }: EditDeps) =>
  async (caller: Caller, input: CreateDashboardInput): Promise<CreateOutcome> => {
    const given = input.id ?? null;
    if (given !== null && !isUuid(given)) throw bad("input.id", "The id of a dashboard is a UUID.");
    const outcome = await dashboards.create(caller.tenantId, {
      id: given?.toLowerCase() ?? newId(),
      document: emptyDocument(
        parseTitle(input.title, "input.title"),
        parseDescription(input.description ?? "", "input.description"),
      ),
      sharing: {
        owner: subjectOf(caller),
        view: parseShare(input.view ?? OWNER_ONLY, "input.view"),
        edit: parseShare(input.edit ?? OWNER_ONLY, "input.edit"),
      },
      limit: MAX_DASHBOARDS,
    });
    if (outcome.kind === "CREATED" && outcome.dashboard.sharing.owner !== subjectOf(caller))
      throw refuse("CONFLICT", "The id is taken: leave it out, or choose another.", { field: "input.id" });
    return outcome;
  };

const fingerprintOf = (baseVersion: number, operations: readonly OperationInput[]): string =>
  createHash("sha256")
    .update(JSON.stringify([baseVersion, operations]))
    .digest("hex");

const newEdit = (caller: Caller, rest: Pick<NewEdit, "baseVersion" | "idempotency" | "restoredFrom">): NewEdit => ({
  ...{ by: subjectOf(caller), maxBehind: MAX_REBASE, snapshotEvery: SNAPSHOT_EVERY, keptMs: EDIT_KEPT_MS },
  ...rest,
});

const requireBase = (base: number, now: number): void => {
  if (base > now) throw bad("baseVersion", `The dashboard has no version ${base} yet: its version is ${now}.`);
  if (now - base > MAX_REBASE)
    throw refuse("CONFLICT", `More than ${MAX_REBASE} versions were made since: look at the dashboard and edit that.`, {
      field: "baseVersion",
    });
};

/** Applies operations made on a version after all that was done since; what became of each is told, and told again to who sends the edit again. */
export const editDashboard =
  (deps: EditDeps) =>
  async (caller: Caller, { id, baseVersion, operations, idempotencyKey }: EditDashboardInput): Promise<EditOutcome> => {
    if (!isUuid(id)) return { kind: "NOT_FOUND", id };
    if (idempotencyKey === "" || idempotencyKey.length > MAX_KEY)
      throw bad("idempotencyKey", `A key has 1 to ${MAX_KEY} characters.`);
    if (!Number.isInteger(baseVersion) || baseVersion < 1) throw bad("baseVersion", "Versions are counted from 1.");
    const parsed = await parseOperations(deps, caller, operations);
    const key = { key: idempotencyKey, fingerprint: fingerprintOf(baseVersion, operations) };
    return deps.dashboards.edit(
      caller.tenantId,
      id.toLowerCase(),
      newEdit(caller, { baseVersion, idempotency: key, restoredFrom: null }),
      (dashboard) => allows(dashboard, caller, mayEdit, "changing"),
      (dashboard, since) => {
        requireBase(baseVersion, dashboard.version);
        return rebase(dashboard.document, since, parsed, subjectOf(caller));
      },
    );
  };

/** Makes the next version of a dashboard from one that it has had; an edit as any other, so that nothing is lost by it. */
export const restoreDashboard =
  ({ dashboards }: EditDeps) =>
  async (caller: Caller, text: string, version: number): Promise<EditOutcome> => {
    if (!isUuid(text)) return { kind: "NOT_FOUND", id: text };
    const id = text.toLowerCase();
    const then = await dashboards.pathTo(caller.tenantId, id, version);
    return dashboards.edit(
      caller.tenantId,
      id,
      newEdit(caller, { baseVersion: null, idempotency: null, restoredFrom: version }),
      (dashboard) => allows(dashboard, caller, mayEdit, "changing"),
      (dashboard) => {
        if (then === null)
          throw bad("version", `The dashboard has no version ${version}: its versions are 1 to ${dashboard.version}.`);
        const past = applyChanges(
          then.document,
          then.following.flatMap(({ changes }) => changes),
        );
        return { document: past, changes: difference(dashboard.document, past), outcomes: [] };
      },
    );
  };

/** How sharing a dashboard ended. */
export type ShareOutcome =
  { readonly kind: "SHARED"; readonly dashboard: Dashboard } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Says who may see and who may change a dashboard; for its owner and those who look after all. Not a part of its versions. */
export const shareDashboard =
  ({ dashboards }: Pick<EditDeps, "dashboards">) =>
  async (caller: Caller, id: string, input: { readonly view: ShareInput; readonly edit: ShareInput }) => {
    const shares = { view: parseShare(input.view, "input.view"), edit: parseShare(input.edit, "input.edit") };
    const shared = isUuid(id)
      ? await dashboards.share(caller.tenantId, id.toLowerCase(), shares, (dashboard) =>
          allows(dashboard, caller, mayShare, "sharing"),
        )
      : null;
    const outcome: ShareOutcome = shared === null ? { kind: "NOT_FOUND", id } : { kind: "SHARED", dashboard: shared };
    return outcome;
  };

/** How removing a dashboard ended. */
export interface RemoveOutcome {
  readonly kind: "REMOVED" | "NOT_FOUND";
  readonly id: string;
}

/** Removes a dashboard with its versions; for its owner and those who look after all. */
export const removeDashboard =
  ({ dashboards }: Pick<EditDeps, "dashboards">) =>
  async (caller: Caller, id: string): Promise<RemoveOutcome> => {
    const removed =
      isUuid(id) &&
      (await dashboards.remove(caller.tenantId, id.toLowerCase(), (dashboard) =>
        allows(dashboard, caller, mayShare, "removing"),
      ));
    return { kind: removed ? "REMOVED" : "NOT_FOUND", id };
  };
