import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createQueries } from './data/queries.ts';
import { applyTheme } from './design/theme-switch.tsx';
import './design/tokens.css';
import './design/base.css';
import './design/controls.css';
import './design/layout.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
applyTheme();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueries()}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
