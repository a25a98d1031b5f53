/** Light and dark: the system's choice until the reader chooses. */

export type Theme = 'light' | 'dark';

const KEY = 'tracker-lab-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners: (() => void)[] = [];
let isPrinting = false;

/** What is shown now; paper is always light. */
export function currentTheme(): Theme {
  if (isPrinting) return 'light';
  return chosen() ?? (dark.matches ? 'dark' : 'light');
}

/** Calls back after every change, at once and in order: before printing, too. */
export function onThemeChange(listener: () => void): void {
  listeners.push(listener);
}

/** Makes the button of the bar work. */
export function startTheme(button: HTMLButtonElement): void {
  button.hidden = false;
  const show = (): void => {
    const choice = chosen();
    document.documentElement.style.colorScheme = isPrinting ? 'light' : (choice ?? 'light dark');
    button.textContent = currentTheme() === 'dark' ? 'Light theme' : 'Dark theme';
    for (const listener of listeners) listener();
  };
  button.addEventListener('click', function toggle() {
    choose(currentTheme() === 'dark' ? 'light' : 'dark');
    show();
  });
  dark.addEventListener('change', show);
  addEventListener('beforeprint', () => {
    isPrinting = true;
    show();
  });
  addEventListener('afterprint', () => {
    isPrinting = false;
    show();
  });
  show();
}

let inMemory: Theme | null = null;

function chosen(): Theme | null {
  if (inMemory !== null) return inMemory;
  try {
    const stored = localStorage.getItem(KEY);
    return stored === 'light' || stored === 'dark' ? stored : null;
  } catch {
    // A browser may refuse storage to a page that is a file.
    return null;
  }
}

function choose(theme: Theme): void {
  inMemory = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice then lasts as long as the page.
  }
}
