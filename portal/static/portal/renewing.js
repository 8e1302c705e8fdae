/* A part of a page that asks for itself again is left as it is while nothing that can be read has changed: whoever has come to a
   link in it stays there. Without this file it is put in anew each time. */
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const part = detail.target.getAttribute("hx-select");
  if (!part || detail.requestConfig.elt !== detail.target) return;
  const answered = new DOMParser().parseFromString(detail.serverResponse, "text/html").querySelector(part);
  if (answered && answered.textContent === detail.target.textContent) detail.shouldSwap = false;
});
