/** What stands in the fields of a form, by their names. */
export type Draft = Readonly<Record<string, string>>;

/** The form as it was read, and of which version of the thing. */
export interface Versioned {
  readonly fields: Draft;
  readonly version: number;
}

/** A field that somebody else changed meanwhile. `mine` is null where it was not typed in here. */
export interface Difference {
  readonly field: string;
  readonly before: string;
  readonly theirs: string;
  readonly mine: string | null;
}

/** The fields in which the draft differs from what was read. */
export function changedFields(read: Draft, draft: Draft): readonly string[] {
  return Object.keys(draft).filter((field) => draft[field] !== read[field]);
}

/** What is different in the newer version, beside what was typed here. */
export function differencesOf(read: Draft, newer: Draft, draft: Draft): readonly Difference[] {
  return changedFields(read, newer).map((field) => {
    const [before, theirs, mine] = [read[field] ?? '', newer[field] ?? '', draft[field] ?? ''];
    return { field, before, theirs, mine: mine === before ? null : mine };
  });
}

/** The newer version with what was typed here on top of it. */
export function onTop(read: Draft, newer: Draft, draft: Draft): Draft {
  const typed = changedFields(read, draft).map((field) => [field, draft[field] ?? '']);
  return { ...newer, ...Object.fromEntries(typed) };
}
