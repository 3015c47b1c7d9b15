import { useEffect, useState } from 'react';

/** As in the style sheets: narrower is a phone. */
const narrow = '(max-width: 46rem)';

/** Whether the page is as narrow as on a phone. */
export function useNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(narrow).matches);
  useEffect(() => {
    const watched = matchMedia(narrow);
    const onChange = () => setIsNarrow(watched.matches);
    watched.addEventListener('change', onChange);
    return () => watched.removeEventListener('change', onChange);
  }, []);
  return isNarrow;
}
