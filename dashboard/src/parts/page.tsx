import type { ReactNode } from 'react';
import { useEffect } from 'react';

/** A page: its title, also in the tab, what one can do on it, and its content. */
export function Page(props: { readonly title: string; readonly actions?: ReactNode; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Squadra`;
  }, [props.title]);
  return (
    <>
      <header className="page-head">
        <h1 dir="auto">{props.title}</h1>
        {props.actions !== undefined && <div className="page-actions">{props.actions}</div>}
      </header>
      {props.children}
    </>
  );
}
