import type { Subject } from "@tessera/contracts/caller";
import type { TenantCapacity } from "@tessera/contracts/events/tenant-scaled";
import type { ScaleApproval, ScalePrediction, ScaleState } from "./scaling.ts";

/** A request for other capacity, with what it was decided on. */
export interface ScaleRequest {
  readonly id: string;
  readonly state: ScaleState;
  readonly before: TenantCapacity;
  readonly after: TenantCapacity;
  readonly prediction: ScalePrediction;
  readonly approval: ScaleApproval;
  readonly reason: string;
  readonly requestedAtMs: number;
  readonly requestedBy: Subject;
  readonly decidedAtMs: number | null;
  readonly decidedBy: Subject | null;
  readonly note: string | null;
}

/** Whether somebody may approve a request: who asked may not, and what needs an operator nobody else. */
export const mayApprove = (
  request: Pick<ScaleRequest, "approval" | "requestedBy">,
  approver: Subject,
  isOperator: boolean,
): "YES" | "SAME_PERSON" | "NOT_OPERATOR" => {
  if (request.requestedBy.kind === approver.kind && request.requestedBy.id === approver.id) return "SAME_PERSON";
  return request.approval === "OPERATOR" && !isOperator ? "NOT_OPERATOR" : "YES";
};
