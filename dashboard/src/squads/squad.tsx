import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

/** x */
export function Squad(_props: { readonly id: string }) {
  return (
    <Page title="Squad">
      <EmptyState title="Nothing here yet">Nothing.</EmptyState>
    </Page>
  );
}
