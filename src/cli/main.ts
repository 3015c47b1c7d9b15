import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// This file starts its work when it is imported: bin/squadra.mjs and the launcher of a clone import it.
// Compiling is most of a short command's time. The cache lies in the package's own folder: whoever may write there may
// change the code anyway. Where it cannot be written, there is none.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/squadra-compile', import.meta.url)));
const { runProcess } = await import('./process.ts');
process.exitCode = await runProcess();
