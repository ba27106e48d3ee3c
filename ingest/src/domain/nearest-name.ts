/** Edits up to which a name counts as a slip of another one. */
const MAX_EDITS = 2;

/** The Levenshtein distance of two short texts, without regard to case. */
const editsBetween = (left: string, right: string): number => {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
};

const bare = (name: string): string => name.replaceAll(/[_\-. ]/g, "").toLowerCase();

/** The known name a mistyped one (`user_id`, `sesionId`) most likely means; null when none is near. */
export const nearestName = (mistyped: string, known: readonly string[]): string | null => {
  // Long unknown names are not slips, and comparing them would cost time that a stranger chooses.
  if (mistyped.length > 40) return null;
  const same = known.find((name) => bare(name) === bare(mistyped));
  if (same !== undefined) return same;
  const ranked = known
    .map((name) => ({ name, edits: editsBetween(mistyped, name) }))
    .toSorted((one, other) => one.edits - other.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= Math.min(MAX_EDITS, Math.floor(mistyped.length / 2)) ? best.name : null;
};
