import { useQuery } from '@tanstack/react-query';
import { count, share, span } from '../data/formats.ts';
import { squadra } from '../data/squadra.ts';
import { Reading } from '../parts/reading.tsx';

/** What the server keeps at hand, and how often that saved a look into the store. */
export function CacheTable() {
  const cache = useQuery({ queryKey: ['system', 'cache'], queryFn: () => squadra.cache() });
  return (
    <section className="panel" aria-labelledby="cache">
      <h2 id="cache">Cache</h2>
      <Reading of={cache} what="the cache" lines={5}>
        {({ regions }) => (
          <div className="table-frame">
            <table>
              <thead>
                <tr>
                  <th scope="col">Region</th>
                  <th scope="col" className="number">
                    Kept
                  </th>
                  <th scope="col" className="number minor">
                    Found
                  </th>
                  <th scope="col" className="number minor">
                    Not found
                  </th>
                  <th scope="col" className="number">
                    Hit rate
                  </th>
                  <th scope="col" className="number">
                    Kept for
                  </th>
                </tr>
              </thead>
              <tbody>
                {regions.map(({ name, entries, hits, misses, hitRate, ttlSeconds }) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td className="number">{count(entries)}</td>
                    <td className="number minor">{count(hits)}</td>
                    <td className="number minor">{count(misses)}</td>
                    <td className="number">{share(hitRate)}</td>
                    <td className="number">{span(ttlSeconds * 1_000)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Reading>
    </section>
  );
}
