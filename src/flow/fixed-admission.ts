import type { Admission } from './admission.ts';
import { Semaphore } from './semaphore.ts';

/** So many model calls at once and nothing else: nothing is learnt of providers, and no rate is kept to. */
export function fixedAdmission(places: number): Admission {
  const semaphore = new Semaphore(places);
  let admitted = 0;
  let refused = 0;
  return {
    places,
    admit: async (_, signal) => {
      const release = await semaphore.acquire(signal);
      admitted += 1;
      return {
        told: () => {},
        end: ({ kind }) => {
          if (kind === 'refused') refused += 1;
          release();
        },
      };
    },
    statistics: () => ({ ...semaphore.stats(), waitingForMember: 0, admitted, refused, providers: [] }),
  };
}
