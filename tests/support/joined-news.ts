import type { News, NewsWire } from '../../src/bus/news.ts';

/** Wires of processes that hear each other at once, and of nothing but each other. */
export function joinedNews(processes: number): readonly (NewsWire & { lose(): void })[] {
  const ears = Array.from({ length: processes }, () => new Set<(news: News) => void>());
  const tell = (to: readonly Set<(news: News) => void>[], news: News): void => {
    for (const listeners of to) for (const listener of listeners) listener(news);
  };
  return ears.map((own) => ({
    announce: (news) =>
      tell(
        ears.filter((other) => other !== own),
        news,
      ),
    onNews: (listener) => {
      own.add(listener);
      return () => own.delete(listener);
    },
    lose: () => tell([own], { of: 'unsure' }),
  }));
}
