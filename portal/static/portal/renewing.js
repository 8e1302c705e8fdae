/* A part of a page that refreshes itself is not replaced while its text is unchanged, so that a focused link in it keeps the focus.
   Without this file it is replaced each time. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const part = detail.target.getAttribute("hx-select");
  if (!part || detail.requestConfig.elt !== detail.target) return;
  const answered = new DOMParser().parseFromString(detail.serverResponse, "text/html").querySelector(part);
  if (answered && answered.textContent === detail.target.textContent) detail.shouldSwap = false;
});
