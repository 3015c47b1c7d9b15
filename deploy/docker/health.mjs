/** Exits with 0 when the process beside it says that it lives: for containers, whose image has no curl. */
const { SQUADRA_PORT: port = '8080' } = process.env;
try {
  const { ok } = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
