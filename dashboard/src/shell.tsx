import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import type { Me } from '../../src/client.ts';
import { usePulse } from './data/pulse.ts';
import { ThemeSwitch } from './design/theme-switch.tsx';
import { Loading } from './parts/loading.tsx';
import { SignOut } from './sign-in/sign-out.tsx';

const pages = [
  ['/', 'Overview'],
  ['/executions', 'Executions'],
  ['/convoys', 'Convoys'],
  ['/squads', 'Squads'],
  ['/costs', 'Costs'],
  ['/system', 'System'],
] as const;

/**
 * What stands around every page: the menu, whose work is shown, and whether the page is live. What a page shows is read once the
 * pulse is followed: what changes after that is heard of.
 */
export function Shell({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const connection = usePulse();
  const [here] = useLocation();
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <nav className="menu" aria-label="Pages">
        <Link href="/" className="brand">
          <img src="/mark.svg" alt="" width="24" height="24" />
          Squadra
        </Link>
        <ul>
          {pages.map(([path, name]) => (
            <li key={path}>
              <Link href={path} aria-current={isCurrent(path, here) ? 'page' : undefined}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
        <div className="menu-foot">
          <span className="whose" dir="auto" title={`Tenant ${me.tenant}`}>
            {me.tenant}
          </span>
          <ThemeSwitch />
          <SignOut me={me} />
        </div>
      </nav>
      <main id="main" tabIndex={-1}>
        {connection === 'lost' && (
          <output className="banner">
            The server cannot be reached. What you see is as it was; the page goes on by itself when the server is back.
          </output>
        )}
        {connection === 'waiting' ? <Loading what="the page" /> : children}
      </main>
    </div>
  );
}

function isCurrent(path: string, here: string): boolean {
  return path === '/' ? here === '/' : here === path || here.startsWith(`${path}/`);
}
