/** Who can stand in one {@link Chain}; both are null while it stands in none. */
export interface Member<T> {
  before: T | null;
  after: T | null;
}

/**
 * What is under way, oldest first, with add and delete in constant time. Not a Set, though it reads like one: V8 gives a Set a new table every few
 * additions and the table before it keeps pointing there, so that a long-lived Set through which everything passes lets no finished request be
 * collected young. Here whoever leaves is forgotten at once.
 */
export class Chain<T extends Member<T>> {
  #first: T | null = null;
  #last: T | null = null;

  /** The member that has stood here longest; null when there is none. */
  get first(): T | null {
    return this.#first;
  }

  /** Adds a member that stands in no chain. */
  add(member: T): void {
    member.before = this.#last;
    if (this.#last === null) this.#first = member;
    else this.#last.after = member;
    this.#last = member;
  }

  /** Takes a member out; false when it does not stand here. */
  delete(member: T): boolean {
    const { before, after } = member;
    if (before === null && this.#first !== member) return false;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    member.before = null;
    member.after = null;
    return true;
  }
}
