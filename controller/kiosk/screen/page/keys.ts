/**
 * The keyboard path beside Tab and Enter: a digit presses the button that bears it, Escape goes a
 * step back, Backspace clears. A kiosk may have a keypad with nothing else on it.
 */

export function followHotKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = NAMES[event.key] ?? event.key;
    // Enter belongs to whatever has the focus.
    if (key === 'Enter' && document.activeElement?.matches('button, [tabindex]')) return;
    // The last one lies on top.
    const scope = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document;
    const target = scope.querySelector<HTMLButtonElement>(`[data-hot="${CSS.escape(key)}"]`);
    if (!target || target.disabled) return;
    event.preventDefault();
    target.click();
  });
}

const NAMES: Readonly<Record<string, string>> = { Delete: 'Backspace' };
