import { useEffect, useState } from 'react';

/** The time, epoch milliseconds: each second anew while something runs, else as it was when it was first asked for. Asks no server. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
