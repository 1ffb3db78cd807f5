// Before the first paint: the look that was chosen in this browser. A file, since the policy allows no inline script.
try {
  const look = JSON.parse(localStorage.getItem("mcadmin:look") || "null");
  if (look === "light" || look === "dark") document.documentElement.dataset.theme = look;
} catch {
  // Storage is switched off: the system's look it is.
}
