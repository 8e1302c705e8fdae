/* Lets the server's time on a pass tick between two renewals. Without it the time stands still and the page renews itself. */
(() => {
  const started = Date.now();
  const two = (n) => String(n).padStart(2, "0");
  const read = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  let shown = null;
  let base = 0;
  let at = started;
  setInterval(() => {
    const clock = document.querySelector("[data-ticking]");
    if (!clock) return;
    if (clock !== shown) {
      shown = clock;
      base = read(clock.textContent);
      at = Date.now();
    }
    const seconds = (base + Math.floor((Date.now() - at) / 1000)) % 86400;
    clock.textContent = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(":");
  }, 500);
})();
