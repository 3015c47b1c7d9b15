import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Convoy(_props: { readonly id: string }) {
  return (
    <Page title="Convoy">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
