/* The print button of a page. Without this script it stays hidden, and the browser's own command prints as well. */
(() => {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
