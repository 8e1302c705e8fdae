// A form that is being sent keeps itself no more: what arrives after it would be there again, though it was taken.
// Whoever turns a switch or signs out right after typing takes nothing away either: it is kept before that form is sent.

addEventListener("submit", async (event) => {
  const sent = event.target;
  const own = sent.querySelector("[data-keep]");
  const typed = own ? null : document.querySelector("[data-keep]");
  own?.remove();
  if (!typed) return;
  event.preventDefault();
  const fields = [...new FormData(typed.closest("form"))].filter(([, value]) => typeof value === "string");
  // Should it not be kept, the form is sent all the same.
  await fetch(typed.getAttribute("hx-post"), { method: "POST", body: new URLSearchParams(fields) }).catch(() => null);
  typed.remove();
  sent.requestSubmit(event.submitter);
});
