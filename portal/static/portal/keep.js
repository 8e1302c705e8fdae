// A form that is being submitted no longer stores its values, because a late request would store what was already submitted.
// If another form is submitted right after typing, such as signing out, the typed values are stored before.

addEventListener("submit", async (event) => {
  const sent = event.target;
  const own = sent.querySelector("[data-keep]");
  const typed = own ? null : document.querySelector("[data-keep]");
  own?.remove();
  if (!typed) return;
  event.preventDefault();
  const fields = [...new FormData(typed.closest("form"))].filter(([, value]) => typeof value === "string");
  // If storing fails, the form is submitted anyway.
  await fetch(typed.getAttribute("hx-post"), { method: "POST", body: new URLSearchParams(fields) }).catch(() => null);
  typed.remove();
  sent.requestSubmit(event.submitter);
});
