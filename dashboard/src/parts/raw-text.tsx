import './raw-text.css';

/** Text as it is, line for line; what is longer than its place scrolls, by keyboard too. */
export function RawText({ children }: { readonly children: string }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className="raw" dir="auto" tabIndex={0}>
      {children}
    </pre>
  );
}
