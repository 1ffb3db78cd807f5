/** Put a text on the clipboard. Without TLS, but at this very machine, browsers have no clipboard for pages: then the old way. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  (focused?.parentElement ?? document.body).append(field); // inside a dialog, where the focus may go
  field.select();
  document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
}
