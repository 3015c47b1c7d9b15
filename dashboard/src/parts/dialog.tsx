import type { ReactNode } from 'react';
import { useEffect, useId, useRef } from 'react';
import './dialog.css';

/** A native modal dialog, open for as long as it is shown. Escape and a press beside it close it, unless what stands in it is to be kept. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  /** Whether something would be lost: then only its buttons and Escape close it. */
  readonly isKept?: boolean;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const { onClose, isKept = false, isWide = false } = props;
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  useEffect(() => {
    const element = dialog.current;
    const press = (event: MouseEvent) => {
      if (event.target === element && !isKept) onClose();
    };
    const cancel = (event: Event) => {
      event.preventDefault();
      onClose();
    };
    element?.addEventListener('mousedown', press);
    element?.addEventListener('cancel', cancel);
    return () => {
      element?.removeEventListener('mousedown', press);
      element?.removeEventListener('cancel', cancel);
    };
  }, [onClose, isKept]);
  return (
    <dialog ref={dialog} className="dialog" data-wide={isWide} aria-labelledby={title}>
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={title} dir="auto">
            {props.title}
          </h2>
          <button type="button" className="button" data-kind="quiet" aria-label="Close" onClick={onClose}>
            ×
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
