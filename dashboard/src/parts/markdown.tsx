import { memo } from 'react';
import Markdown from 'react-markdown';
import type { Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { Scrolling } from './scrolling.tsx';
import './markdown.css';

const plugins = [remarkGfm];

/** Leads away from this page in a tab of its own, and tells the other side nothing. */
const parts: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  // Whoever serves a picture would learn who looks at it.
  img: ({ alt, src }) => (
    <span className="muted">
      [picture{alt === undefined || alt === '' ? '' : `: ${alt}`}
      {typeof src === 'string' && src !== '' ? `, ${src}` : ''}]
    </span>
  ),
  // Headings within a page that has its own begin below those.
  h1: ({ children }) => <h4 className="markdown-h1">{children}</h4>,
  h2: ({ children }) => <h5 className="markdown-h2">{children}</h5>,
  h3: ({ children }) => <h6 className="markdown-h3">{children}</h6>,
  h4: ({ children }) => <h6>{children}</h6>,
  h5: ({ children }) => <h6>{children}</h6>,
  input: ({ checked }) => <span aria-label={checked === true ? 'done' : 'to do'}>{checked === true ? '☑' : '☐'}</span>,
  table: ({ children }) => (
    <Scrolling label="Table">
      <table>{children}</table>
    </Scrolling>
  ),
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
};

/** What a model or a person wrote, as Markdown. HTML in it is shown as it was written, never taken for HTML. */
export const MarkdownText = memo(function MarkdownText({ text }: { readonly text: string }) {
  return (
    <div className="markdown" dir="auto">
      <Markdown remarkPlugins={plugins} components={parts}>
        {text}
      </Markdown>
    </div>
  );
});
