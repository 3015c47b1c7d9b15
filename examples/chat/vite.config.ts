import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  // In a project of your own `squadra` is installed, and this line is not needed.
  resolve: { alias: { 'squadra/client': fileURLToPath(new URL('../../src/client.ts', import.meta.url)) } },
  server: {
    proxy: {
      '/api': {
        target: 'http://127.0.0.1:8080',
        changeOrigin: true,
        // The page and the API have one origin in production; here the proxy stands for that.
        configure: (proxy) => proxy.on('proxyReq', (request) => request.removeHeader('origin')),
      },
    },
  },
});
