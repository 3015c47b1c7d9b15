import { useEffect, useRef, useState } from 'react';
import { Story } from './story.ts';

/** Whether more is to be heard: `ended` until it is retried, `lost` while the server cannot be reached. */
export type Following = 'waiting' | 'live' | 'lost' | 'ended';

/** What was heard so far. `version` grows with every change of the story. */
export interface Followed {
  readonly story: Story;
  readonly version: number;
  readonly following: Following;
  /** Has the page listen again to what had ended: after it was retried. */
  readonly again: () => void;
}

/** How long to wait before coming again to a server that refused or let go. */
const comeAgainMs = 2_000;

/** Follows an execution for as long as the component is shown; `onChange` hears when something was said or its status changed. */
export function useStory(id: string, onChange: (story: Story) => void): Followed {
  const [story] = useState(() => new Story());
  const [version, setVersion] = useState(0);
  const [following, setFollowing] = useState<Following>('waiting');
  const [round, setRound] = useState(0);
  const told = useRef(onChange);
  useEffect(() => void (told.current = onChange), [onChange]);
  useEffect(() => {
    // What comes together is drawn together: a long story is one drawing, and so are the pieces of a fast answer.
    let frame = 0;
    const draw = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        setVersion((before) => before + 1);
      });
    };
    const stop = follow(id, story, {
      changed: draw,
      heard: () => told.current(story),
      is: setFollowing,
    });
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [id, story, round]);
  return { story, version, following, again: () => setRound((before) => before + 1) };
}

interface Listener {
  readonly changed: () => void;
  readonly heard: () => void;
  readonly is: (following: Following) => void;
}

/** Nobody looks at a hidden tab: it hangs up, and goes on where it was when it is looked at. */
function follow(id: string, story: Story, listener: Listener): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isEnded = false;
  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const later = () => {
    close();
    timer = setTimeout(open, comeAgainMs);
  };
  const open = () => {
    close();
    if (isEnded) return;
    const opened = new EventSource(`/api/v1/executions/${id}/events?after=${story.lastSeq}`);
    source = opened;
    hear(opened, story, listener);
    opened.addEventListener('open', () => listener.is('live'));
    opened.addEventListener('done', () => {
      isEnded = true;
      close();
      listener.is('ended');
      listener.changed();
      listener.heard();
    });
    opened.addEventListener('resume', later);
    opened.addEventListener('error', () => {
      listener.is('lost');
      // Otherwise it comes again by itself, with the last id.
      if (opened.readyState === EventSource.CLOSED) later();
    });
  };
  const onVisibility = () => (document.hidden ? close() : open());
  document.addEventListener('visibilitychange', onVisibility);
  if (!document.hidden) open();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    close();
  };
}

function hear(source: EventSource, story: Story, { changed, heard }: Listener): void {
  const on = <T>(name: string, take: (event: T) => void) =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      take(JSON.parse(data) as T);
      changed();
    });
  on<Parameters<Story['message']>[0]>('message', (event) => {
    story.message(event);
    heard();
  });
  on<Parameters<Story['statusChange']>[0]>('status', (event) => {
    story.statusChange(event);
    heard();
  });
  on<Parameters<Story['step']>[0]>('step', (event) => story.step(event));
  on<Parameters<Story['textSoFar']>[0]>('text-so-far', (event) => story.textSoFar(event));
  on<Parameters<Story['textDelta']>[0]>('text-delta', (event) => story.textDelta(event));
}
