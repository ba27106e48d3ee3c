import type { Caller } from "@tessera/contracts/caller";
import { callerNow, type AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { standingSubject } from "@tessera/platform/auth/standing-subject";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Rule, RuleAuthor } from "../domain/rule.ts";

/** The code of a rule whose author is nobody any more. */
export const AUTHOR_GONE = "AUTHOR_GONE";

/** A rule's author is nobody any more: the rule fails, and says so, until somebody else changes it. */
export class AuthorGone extends Error {
  readonly code = AUTHOR_GONE;
}

/** The caller as who a rule's question is asked for; refuses with FORBIDDEN those whose permissions nobody can ask for later, and who may not read analytics. */
export const authorIn = ({ subject, grantId, permissions }: Caller): RuleAuthor => {
  const author = `${subject.kind}:${subject.id}`;
  if (standingSubject(author) === null || grantId !== null)
    throw refuse(
      "FORBIDDEN",
      "A rule that watches a question belongs to a person, an API key or an OAuth client of the tenant: they are who it is asked for.",
      { field: "input.question" },
    );
  if (!permissions.has("analytics:read"))
    throw refuse("FORBIDDEN", "Watching a question needs the permission analytics:read.", {
      ...{ field: "input.question", permission: "analytics:read" },
    });
  return { author, authorPermissions: [...permissions].toSorted() };
};

/** The author as a caller: with what they may now, as far as they were permitted when they last changed the rule. */
export const authorNow = async (accessOfSubject: AccessOfSubject, rule: Rule): Promise<Caller> => {
  const subject = rule.author === null ? null : standingSubject(rule.author);
  const caller = await callerNow(accessOfSubject, rule.tenantId, subject, rule.authorPermissions);
  if (caller === null)
    throw new AuthorGone("The rule's author was removed, revoked or suspended: let somebody else change the rule.");
  if (!caller.permissions.has("analytics:read"))
    throw refuse("FORBIDDEN", "The rule's author may not read analytics any more.", { permission: "analytics:read" });
  return caller;
};
