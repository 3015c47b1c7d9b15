import { useState } from 'react';

const themes = ['auto', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];
const storedUnder = 'squadra-theme';

/** Light, dark, or as the system says; kept in this browser. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(readTheme);
  const choose = (chosen: Theme) => {
    localStorage.setItem(storedUnder, chosen);
    applyTheme(chosen);
    setTheme(chosen);
  };
  return (
    <select
      className="theme"
      aria-label="Colours"
      value={theme}
      onChange={(event) => choose(event.target.value as Theme)}
    >
      <option value="auto">System colours</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

/** Sets the colours that were chosen before; called before anything is drawn. */
export function applyTheme(theme: Theme = readTheme()): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

function readTheme(): Theme {
  const stored = localStorage.getItem(storedUnder);
  return themes.find((theme) => theme === stored) ?? 'auto';
}
