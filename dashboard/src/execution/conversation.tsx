import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { count, timeOfDay } from '../data/formats.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { MarkdownText } from '../parts/markdown.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { conversationEntries } from './conversation-entries.ts';
import type { Entry, LiveEntry, SaidEntry, ToolEntry } from './conversation-entries.ts';
import type { Followed } from './follow.ts';
import { settledLength } from './live-text.ts';
import './conversation.css';
import { RawText } from '../parts/raw-text.tsx';

/** Names a member; null for one who is not known. */
export type NameOf = (memberId: string) => string | null;

/** Longer conversations are drawn as they are scrolled to. */
const drawnAtOnce = 40;
/** What is shown at first; longer conversations are opened backwards. */
const shownAtFirst = 60;
const shownMore = 200;

/** Who said what, as it is said. */
export function Conversation({ followed, nameOf }: { readonly followed: Followed; readonly nameOf: NameOf }) {
  const { story, version, following } = followed;
  // The story is one object that grows; its version says when.
  // oxlint-disable-next-line exhaustive-deps
  const entries = useMemo(() => conversationEntries(story), [story, version]);
  const [most, setMost] = useState(shownAtFirst);
  const hidden = Math.max(0, entries.length - most);
  const isLong = entries.length > drawnAtOnce;
  const speakers = entries.filter((entry) => entry.kind === 'live');
  return (
    <section className="panel conversation" aria-labelledby="conversation-title">
      <header className="panel-head">
        <h2 id="conversation-title">Conversation</h2>
        <output className="muted">
          {speakers.length > 0 ? `${speakers.map((entry) => speaker(entry, nameOf)).join(', ')} is answering…` : ''}
        </output>
      </header>
      {hidden > 0 && (
        <button type="button" className="button" onClick={() => setMost(most + shownMore)}>
          Show earlier ones ({count(hidden)})
        </button>
      )}
      <ol className="entries" data-long={isLong}>
        {entries.slice(hidden).map((entry) => (
          <EntryItem key={entry.key} entry={entry} nameOf={nameOf} isLong={isLong} />
        ))}
      </ol>
      {entries.length === 0 && following !== 'waiting' && (
        <EmptyState title="Nobody has said anything">
          Workflows that ask no member have no conversation; the timeline shows what they do.
        </EmptyState>
      )}
    </section>
  );
}

interface EntryProps {
  readonly entry: Entry;
  readonly nameOf: NameOf;
  /** Whether it stands among many. */
  readonly isLong: boolean;
}

const EntryItem = memo(
  function EntryItem({ entry, nameOf, isLong }: EntryProps) {
    if (entry.kind === 'tool') return <Tool entry={entry} nameOf={nameOf} />;
    if (entry.kind === 'live') return <Live entry={entry} nameOf={nameOf} />;
    return <Said entry={entry} nameOf={nameOf} isLong={isLong} />;
  },
  (before, after) =>
    before.nameOf === after.nameOf && before.isLong === after.isLong && isSame(before.entry, after.entry),
);

function isSame(one: Entry, other: Entry): boolean {
  if (one.kind === 'said' && other.kind === 'said') return one.message === other.message;
  if (one.kind === 'live' && other.kind === 'live') return one.live === other.live;
  if (one.kind === 'tool' && other.kind === 'tool')
    return one.result === other.result && one.status === other.status && one.input === other.input;
  return false;
}

const sayings: Readonly<Record<SaidEntry['message']['kind'], string>> = {
  request: 'asked for',
  ask: 'was asked',
  remark: 'said',
  answer: 'answered',
  'tool-result': 'got',
};

function Said({ entry: { message }, nameOf, isLong }: EntryProps & { readonly entry: SaidEntry }) {
  const { kind, memberId, text, stepKey, createdAt } = message;
  const who =
    memberId === null ? (kind === 'request' ? 'The request' : 'Somebody') : (nameOf(memberId) ?? stepKey ?? 'A member');
  const head = (
    <>
      <strong dir="auto">{who}</strong>
      {kind !== 'request' && <span className="muted">{sayings[kind]}</span>}
      <time className="muted" dateTime={createdAt}>
        {timeOfDay(createdAt)}
      </time>
    </>
  );
  if (kind === 'ask')
    return (
      <li className="entry" data-kind="ask">
        <details>
          <summary>
            {head}
            <span className="entry-size muted">{count(text.length)} characters</span>
          </summary>
          <LongText text={text} isLong={isLong} />
        </details>
      </li>
    );
  return (
    <li className="entry" data-kind={kind}>
      <header className="entry-head">{head}</header>
      <LongText text={text} isLong={isLong} />
    </li>
  );
}

/** Longer ones are cut until somebody wants all of it. */
const cutAt = 12_000;

function LongText({ text, isLong }: { readonly text: string; readonly isLong: boolean }) {
  const [isWhole, setIsWhole] = useState(false);
  const isCut = text.length > cutAt && !isWhole;
  return (
    <>
      <NearbyMarkdown text={isCut ? text.slice(0, cutAt).toWellFormed() : text} isLong={isLong} />
      {isCut && (
        <button type="button" className="button" onClick={() => setIsWhole(true)}>
          Show all of it ({count(text.length)} characters)
        </button>
      )}
    </>
  );
}

/** Drawn as Markdown when it comes near to what is looked at; plain text until then. */
function NearbyMarkdown({ text, isLong }: { readonly text: string; readonly isLong: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const [isNear, setIsNear] = useState(!isLong);
  useEffect(() => {
    const element = place.current;
    if (element === null || isNear) return;
    const observer = new IntersectionObserver(
      (seen) => {
        if (seen.some(({ isIntersecting }) => isIntersecting)) setIsNear(true);
      },
      { rootMargin: '800px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [isNear]);
  if (isNear) return <MarkdownText text={text} />;
  return (
    <div ref={place} className="entry-plain" dir="auto">
      {text}
    </div>
  );
}

/** Who is answering: the member, or the ask where nobody knows whom it went to. */
function speaker({ ask, memberId }: LiveEntry, nameOf: NameOf): string {
  return (memberId === null ? null : nameOf(memberId)) ?? ask;
}

function Live({ entry, nameOf }: { readonly entry: LiveEntry; readonly nameOf: NameOf }) {
  const { live } = entry;
  const settled = settledLength(live.text);
  return (
    <li className="entry" data-kind="live">
      <header className="entry-head">
        <strong dir="auto">{speaker(entry, nameOf)}</strong>
        <span className="muted">is answering{live.attempt > 1 ? `, attempt ${live.attempt}` : ''}</span>
      </header>
      {live.offset > 0 && <p className="muted">The beginning is told when the answer is complete.</p>}
      {settled > 0 && <MarkdownText text={live.text.slice(0, settled)} />}
      <MarkdownText text={live.text.slice(settled)} />
    </li>
  );
}

function Tool({ entry, nameOf }: { readonly entry: ToolEntry; readonly nameOf: NameOf }) {
  const { name, input, result, status } = entry;
  const memberId = result?.memberId ?? null;
  return (
    <li className="entry" data-kind="tool">
      <details>
        <summary>
          <strong dir="auto">{memberId === null ? 'A member' : (nameOf(memberId) ?? 'A member')}</strong>
          <span className="muted">
            {result === null ? 'calls' : 'called'} <code dir="auto">{name}</code>
          </span>
          {status !== 'completed' && <StatusBadge status={status} />}
          {result !== null && (
            <span className="tool-hint muted" dir="auto">
              {result.text.slice(0, 160)}
            </span>
          )}
        </summary>
        {input !== null && (
          <div>
            <h3>Given</h3>
            <RawText>{pretty(input)}</RawText>
          </div>
        )}
        {result !== null && (
          <div>
            <h3>Came back</h3>
            <RawText>{result.text}</RawText>
          </div>
        )}
      </details>
    </li>
  );
}

/** JSON as people read it; what is none stays as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
