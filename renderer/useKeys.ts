import { useEffect, useRef } from 'react';

/**
 * Keys that work anywhere in the window, where nothing nearer took them: not while a dialog or a menu is open, and of
 * the plain characters none while something is being typed.
 */
export function useKeys(keys: Record<string, () => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const deed = latest.current[event.key];
      if (!deed || event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open], .menu:popover-open')) return;
      const typing = event.target instanceof Element && event.target.closest('input:not([type=checkbox], [type=radio]), textarea, [contenteditable]');
      if (typing && event.key.length === 1) return;
      event.preventDefault();
      deed();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}
