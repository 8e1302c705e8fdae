/* Advances the server's time on a pass between two renewals. The clock of a pass that expired without a renewal stops, and a text says so. */
(() => {
  const two = (n) => String(n).padStart(2, "0");
  const read = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  let shown = null;
  let base = 0;
  let at = 0;
  const tick = () => {
    const face = document.querySelector(".face[data-until]");
    const clock = face?.querySelector("[data-ticking]");
    if (!clock) return;
    if (face !== shown) {
      shown = face;
      base = read(clock.textContent);
      at = Date.now();
    }
    const passed = Math.max(0, Math.floor((Date.now() - at) / 1000));
    const left = Number(face.dataset.until) - Number(face.dataset.issued) - passed;
    if (left <= 0) {
      clock.textContent = [Math.floor(base / 3600), Math.floor(base / 60) % 60, base % 60].map(two).join(":");
      face.dataset.isOver = "";
      face.querySelector("[data-over]").hidden = false;
      return;
    }
    const seconds = (base + passed) % 86400;
    clock.textContent = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  };
  setInterval(tick, 500);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!navigator.onLine) event.preventDefault();
  });
  // The server is overloaded: ask again after the time it named, while the pass is still valid.
  document.addEventListener("htmx:responseError", (event) => {
    const seconds = Number(event.detail.xhr.getResponseHeader("Retry-After"));
    if (event.detail.xhr.status === 503 && seconds) setTimeout(() => window.htmx.trigger("#reading", "renew"), 1000 * seconds);
  });
  // Reload at once when the page becomes visible or on-line again, without waiting for the next renewal.
  const renew = () => {
    if (shown && "isOver" in shown.dataset && document.visibilityState === "visible") window.location.reload();
  };
  window.addEventListener("online", renew);
  document.addEventListener("visibilitychange", () => {
    tick();
    if (navigator.onLine) renew();
  });
})();
