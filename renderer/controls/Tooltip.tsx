import { cloneElement, useEffect, useRef, type ReactElement } from 'react';
import { float } from './floating.ts';
import './Tooltip.css';

const DELAY = 450;

/** A word on what the pointer or the focus is on. The child says the same to a screen reader by itself. */
export function Tooltip({ text, children }: { text: string; children: ReactElement<Record<string, unknown>> }) {
  const tip = useRef<HTMLSpanElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const show = (event: { currentTarget: Element }, delay: number): void => {
    const anchor = event.currentTarget;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (!tip.current || !anchor.isConnected || anchor.getAttribute('aria-expanded') === 'true') return;
      tip.current.showPopover();
      float(tip.current, anchor, { align: 'middle' });
    }, delay);
  };
  const hide = (): void => {
    clearTimeout(timer.current);
    if (tip.current?.matches(':popover-open')) tip.current.hidePopover();
  };
  const on = (name: string, own: (event: never) => void) => (event: never) => {
    own(event);
    (children.props[name] as ((event: never) => void) | undefined)?.(event);
  };

  return (
    <>
      {cloneElement(children, {
        onPointerEnter: on('onPointerEnter', (event: { currentTarget: Element; pointerType: string }) => event.pointerType === 'mouse' && show(event, DELAY)),
        onPointerLeave: on('onPointerLeave', hide),
        onFocus: on('onFocus', (event: { currentTarget: Element }) => event.currentTarget.matches(':focus-visible') && show(event, DELAY)),
        onBlur: on('onBlur', hide),
        onPointerDown: on('onPointerDown', hide),
      })}
      <span ref={tip} className="tooltip" popover="manual" aria-hidden="true">{text}</span>
    </>
  );
}
