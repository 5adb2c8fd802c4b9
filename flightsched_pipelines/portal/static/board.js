"use strict";
// Shows what is new on the board. Without it the page works as well: it is loaded again by hand.
(() => {
  const WAIT = 400;
  let source = null, timer = null, dirty = false;

  const main = () => document.getElementById("main");

  function open() {
    if (source || document.hidden) return;
    source = new EventSource("/board/events?after=" + encodeURIComponent(main().dataset.position));
    source.onmessage = () => { clearTimeout(timer); timer = setTimeout(refresh, WAIT); };
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  async function refresh() {
    if (dirty) { say("Something has changed at the school. Load the page again when you have sent or cleared the form."); return; }
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) { say("The page cannot be refreshed; load it again."); close(); return; }
    if (dirty) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const opened = [...main().querySelectorAll("details")].map((one) => one.open);
    const at = document.activeElement && document.activeElement.closest("#main") ? key(document.activeElement) : null;
    main().innerHTML = fresh.getElementById("main").innerHTML;
    main().dataset.position = fresh.getElementById("main").dataset.position;
    document.getElementById("now").textContent = fresh.getElementById("now").textContent;
    main().querySelectorAll("details").forEach((one, number) => { if (opened[number]) one.open = true; });
    if (at) [...main().querySelectorAll("a, button, input, select, textarea, summary")].find((one) => key(one) === at)?.focus({ preventScroll: true });
    say("Updated.");
  }

  const key = (one) => one.id || one.getAttribute("href") || one.textContent.trim();

  function say(words) {
    const live = document.getElementById("live");
    live.textContent = words;
    live.classList.toggle("hidden", words === "Updated.");
  }

  document.addEventListener("input", (event) => { if (event.target.closest("#main form[method=post]")) dirty = true; });
  document.addEventListener("reset", () => { dirty = false; });
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { open(); refresh(); } });
  open();
})();
