import react from '@vitejs/plugin-react';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npm run build:dashboard` writes dashboard/dist; `npx vite dashboard` serves the sources beside a running `npm start`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    target: 'es2024',
    // The pages' Content-Security-Policy allows nothing that stands in an address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(['/api', '/metrics', '/health', '/ready'].map((path) => [path, 'http://127.0.0.1:8080'])),
  },
});
