/** Every status that executions, convoys, items and steps can be in, with the tone it is shown in. */
const tones: Readonly<Record<string, string>> = {
  created: 'quiet',
  pending: 'quiet',
  blocked: 'quiet',
  ready: 'quiet',
  queued: 'quiet',
  running: 'active',
  in_progress: 'active',
  waiting: 'attention',
  completed: 'good',
  partial: 'attention',
  failed: 'bad',
  'in-doubt': 'bad',
  cancelled: 'quiet',
};

/** A status as a word with a mark of its colour: never by colour alone. */
export function StatusBadge({ status }: { readonly status: string }) {
  return (
    <span className="status" data-tone={tones[status] ?? 'quiet'}>
      {status.replaceAll('_', ' ')}
    </span>
  );
}
