import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { FilesDocument } from '../../../src/client.ts';
import { count } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Dialog } from '../parts/dialog.tsx';
import { MarkdownText } from '../parts/markdown.tsx';
import { Reading } from '../parts/reading.tsx';
import { RawText } from '../parts/raw-text.tsx';

const unit = 1_024;

/** What the members wrote: to look at, and to keep. */
export function FilesPanel({ id }: { readonly id: string }) {
  const files = useQuery({ queryKey: ['execution', id, 'files'], queryFn: () => squadra.executions.files(id) });
  const [shown, show] = useState<string | null>(null);
  return (
    <section className="panel" aria-labelledby="files-title">
      <h2 id="files-title">Files</h2>
      <Reading of={files} what="the files">
        {({ items, hasMore }) => <FileList id={id} items={items} hasMore={hasMore} onShow={show} />}
      </Reading>
      {shown !== null && <FileDialog id={id} path={shown} onClose={() => show(null)} />}
    </section>
  );
}

function FileList(props: FilesDocument & { readonly id: string; readonly onShow: (path: string) => void }) {
  if (props.items.length === 0) return <p className="muted">Its members have written none.</p>;
  return (
    <>
      <ul className="files">
        {props.items.map(({ path, bytes }) => (
          <li key={path}>
            <button type="button" dir="auto" onClick={() => props.onShow(path)}>
              {path}
            </button>
            <span className="muted">{sizeText(bytes)}</span>
            <a
              href={addressOf(props.id, path)}
              download={path.slice(path.lastIndexOf('/') + 1)}
              aria-label={`Download ${path}`}
            >
              Download
            </a>
          </li>
        ))}
      </ul>
      {props.hasMore && <p className="muted">There are more; these are the first {count(props.items.length)}.</p>}
    </>
  );
}

function FileDialog({
  id,
  path,
  onClose,
}: {
  readonly id: string;
  readonly path: string;
  readonly onClose: () => void;
}) {
  const content = useQuery({
    queryKey: ['execution', id, 'files', path],
    queryFn: () => readText(id, path),
  });
  return (
    <Dialog title={path} onClose={onClose} isWide>
      <Reading of={content} what="the file" lines={8}>
        {(text) =>
          text === null ? (
            <p>It is no text. Download it to look at it.</p>
          ) : /\.(?:md|markdown)$/i.test(path) ? (
            <MarkdownText text={text.slice(0, mostShown).toWellFormed()} />
          ) : (
            <RawText>{text.slice(0, mostShown).toWellFormed()}</RawText>
          )
        }
      </Reading>
      <div className="dialog-actions">
        <a className="button" href={addressOf(id, path)} download={path.slice(path.lastIndexOf('/') + 1)}>
          Download
        </a>
      </div>
    </Dialog>
  );
}

/** More than that is for an editor. */
const mostShown = 100_000;

/** Null for what is no text. */
async function readText(id: string, path: string): Promise<string | null> {
  const answer = await squadra.executions.file(id, path);
  return answer.headers.get('content-type')?.startsWith('text/plain') === true ? answer.text() : null;
}

function addressOf(id: string, path: string): string {
  return `/api/v1/executions/${id}/files/${encodeURIComponent(path)}`;
}

function sizeText(bytes: number): string {
  return bytes < unit
    ? `${bytes} B`
    : bytes < unit ** 2
      ? `${(bytes / unit).toFixed(1)} KB`
      : `${(bytes / unit ** 2).toFixed(1)} MB`;
}
