"use strict";
// Whatever is marked data-live="<seconds>" is asked for again and exchanged where it changed. Without this script
// every page works all the same; it only stands still.
document.querySelector("#rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
(() => {
  const every = Math.min(...[...document.querySelectorAll("[data-live]")].map((one) => Number(one.dataset.live)));
  if (!Number.isFinite(every)) return;
  let broken = 0;

  const exchange = (fresh) => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const now = fresh.getElementById(old.id);
      if (!now) { location.reload(); return; }
      if (old.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) continue;
      if (now.innerHTML === old.innerHTML) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("value") : null;
      const pre = old.querySelector("pre");
      const follow = pre && pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
      const place = pre ? pre.scrollTop : 0;
      old.replaceChildren(...document.importNode(now, true).childNodes);
      if (!("live" in now.dataset)) delete old.dataset.live; // it has come to rest
      const shown = old.querySelector("pre");
      if (shown) shown.scrollTop = follow ? shown.scrollHeight : place;
      if (focused) old.querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
    }
  };

  const ask = async () => {
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch(location.href);
        if (answer.redirected) { location.reload(); return; }
        if (!answer.ok) throw new Error(String(answer.status));
        exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
        broken = 0;
      } catch {
        broken += 1;
      }
      document.body.classList.toggle("stale", broken > 1);
    }
    if (document.querySelector("[data-live]")) setTimeout(ask, every * 1000 * Math.min(1 + broken, 10));
  };
  setTimeout(ask, every * 1000);
})();
