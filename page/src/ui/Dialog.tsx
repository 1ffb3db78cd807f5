// A dialog over the page: it traps the focus and gives it back. The only place that knows Ariakit's.
import * as Ariakit from "@ariakit/react";
import type { ReactNode } from "react";

export function Dialog({ title, isOpen, onClose, children }: {
  title: string; isOpen: boolean; onClose?: () => void; children: ReactNode;
}) {
  return (
    <Ariakit.Dialog
      open={isOpen} onClose={() => onClose?.()} hideOnEscape={onClose !== undefined} hideOnInteractOutside={false}
      backdrop={<div className="backdrop" />} className="dialog" unmountOnHide
    >
      <Ariakit.DialogHeading className="dialog-title">{title}</Ariakit.DialogHeading>
      {children}
    </Ariakit.Dialog>
  );
}
