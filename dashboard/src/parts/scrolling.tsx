import type { ReactNode } from 'react';

/** What may be wider than its place: it scrolls by itself, by keyboard too. */
export function Scrolling({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // Whoever has no mouse scrolls what has the focus.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="table-frame" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
