import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Execution(_props: { readonly id: string }) {
  return (
    <Page title="Execution">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
