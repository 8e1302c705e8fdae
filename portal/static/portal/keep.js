// A form that is being sent keeps itself no more: what arrives after it would be there again, though it was taken.

addEventListener("submit", (event) => event.target.querySelector("[data-keep]")?.remove());
