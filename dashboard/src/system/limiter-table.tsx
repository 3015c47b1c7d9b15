import type { SystemDocument } from '../../../src/client/metrics.ts';
import { count, duration, shortCount } from '../data/formats.ts';

/** What each provider is asked at once, and what it says it still takes. */
export function LimiterTable({ limiters, modelCalls }: Pick<SystemDocument, 'limiters' | 'modelCalls'>) {
  return (
    <section className="panel" aria-labelledby="limiters">
      <h2 id="limiters">Providers</h2>
      <p className="muted">
        {count(modelCalls.inFlight)} of {count(modelCalls.capacity)} model calls in flight, {count(modelCalls.waiting)}{' '}
        waiting.
      </p>
      {limiters.length === 0 ? (
        <p className="muted">No model was called since the server started.</p>
      ) : (
        // Scrolled by keyboard where it is wider than its place, it has to take the focus.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section className="table-frame" aria-label="Models of providers" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col" className="number">
                  In flight
                </th>
                <th scope="col" className="number">
                  At most
                </th>
                <th scope="col" className="number">
                  Waiting
                </th>
                <th scope="col">Held back</th>
                <th scope="col" className="number">
                  Requests left
                </th>
                <th scope="col" className="number">
                  Tokens left
                </th>
              </tr>
            </thead>
            <tbody>
              {limiters.map((limiter) => (
                <tr key={`${limiter.provider}/${limiter.model}`}>
                  <td dir="auto">
                    {limiter.provider}/{limiter.model}
                  </td>
                  <td className="number">{count(limiter.inFlight)}</td>
                  <td className="number">{count(Math.floor(limiter.limit))}</td>
                  <td className="number">{count(limiter.waiting)}</td>
                  <td>{limiter.heldMs > 0 ? `for ${duration(limiter.heldMs)}` : 'no'}</td>
                  <td className="number">{left(limiter.requestsLeft)}</td>
                  <td className="number">{left(limiter.tokensLeft)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

/** What the provider said in its last answer; a dash where it says nothing. */
function left(value: number | null): string {
  return value === null ? '–' : shortCount(value);
}
