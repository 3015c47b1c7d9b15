import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { ProblemError } from '../../../src/client.ts';
import { ProblemNotice } from '../parts/problem-notice.tsx';
import { changedFields, differencesOf, onTop } from './draft.ts';
import type { Draft, Versioned } from './draft.ts';
import { NewerVersion } from './newer-version.tsx';

interface VersionedFormProps {
  readonly read: Versioned;
  readonly names: Readonly<Record<string, string>>;
  /** Stores the changes of the version that was read. */
  readonly save: (read: Versioned, draft: Draft) => Promise<void>;
  readonly readNewer: () => Promise<Versioned>;
  readonly onClose: () => void;
  readonly children: (draft: Draft, change: (field: string, text: string) => void) => ReactNode;
}

/**
 * Changes of something that others may change too. What is typed stays as it is whatever happens elsewhere; when somebody else
 * was faster, the newer version is shown beside it, and one's own changes can be put on top.
 */
export function VersionedForm({ read: first, names, save, readNewer, onClose, children }: VersionedFormProps) {
  const [read, setRead] = useState(first);
  const [draft, setDraft] = useState(first.fields);
  const [newer, setNewer] = useState<Versioned | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const attempt = async () => {
    try {
      await save(read, draft);
      onClose();
    } catch (reason) {
      if (!(reason instanceof ProblemError) || reason.status !== 412) throw reason;
      setNewer(await readNewer());
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    attempt()
      .catch(setError)
      .finally(() => setIsBusy(false));
  };
  const take = (fields: Draft, version: Versioned) => {
    setDraft(fields);
    setRead(version);
    setNewer(null);
  };
  const isChanged = changedFields(read.fields, draft).length > 0;
  return (
    <form onSubmit={submit}>
      {children(draft, (field, text) => setDraft((before) => ({ ...before, [field]: text })))}
      {newer !== null && (
        <NewerVersion
          differences={differencesOf(read.fields, newer.fields, draft)}
          names={names}
          keep={() => take(onTop(read.fields, newer.fields, draft), newer)}
          drop={() => take(newer.fields, newer)}
        />
      )}
      {error !== null && <ProblemNotice error={error} />}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
        <button type="submit" className="button" data-kind="main" disabled={isBusy || !isChanged || newer !== null}>
          {isBusy ? 'Saving…' : 'Save'}
        </button>
      </div>
    </form>
  );
}
