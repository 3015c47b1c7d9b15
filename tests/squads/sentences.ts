/** Sentences and list entries, without the headings that all prompts have. */
export function sentencesOf(prompt: string): readonly string[] {
  const text = prompt.replaceAll(/^#.*$/gm, '').replaceAll(/^- /gm, '');
  const sentences = text
    .split(/(?<=[.!?:])\s+/)
    .map((sentence) =>
      sentence
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
        .trim(),
    )
    .filter(Boolean);
  return [...new Set(sentences)];
}

/** How many of ten sentences are in the other prompt too, word for word or with a few words exchanged; 0 to 1. */
export function sharedPart(one: string, other: string): number {
  const sentences = sentencesOf(one);
  const others = sentencesOf(other).map(wordsOf);
  return (
    sentences.map(wordsOf).filter((words) => others.some((known) => isAlike(words, known))).length / sentences.length
  );
}

function wordsOf(sentence: string): ReadonlySet<string> {
  return new Set(sentence.split(' '));
}

/** Whether two of three different words are the same. */
function isAlike(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  const shared = [...one].filter((word) => other.has(word)).length;
  return shared / (one.size + other.size - shared) >= 2 / 3;
}
