/** Stands in for what is being read: as many grey lines as the content will have. It ends by itself: requests have a limit. */
export function Loading({ lines = 3, what }: { readonly lines?: number; readonly what: string }) {
  return (
    <output className="loading" aria-label={`Reading ${what}`}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </output>
  );
}
