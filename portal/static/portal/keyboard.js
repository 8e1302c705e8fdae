/* Keyboard shortcuts of the officials' pages. Each presses something that is on the page, so nothing is missing without this file. */
(() => {
  const all = (what) => [...document.querySelectorAll(what)];
  const rows = () => all("[data-row]");
  const link = (row) => row.querySelector("th a, h2 a, a");
  const isTyping = (at) => at.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");
  const current = () => rows().findIndex((row) => row.contains(document.activeElement));

  const step = (by) => {
    const lines = rows();
    if (lines.length) {
      const at = current();
      const next = at < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(Math.max(at + by, 0), lines.length - 1);
      const target = link(lines[next]);
      if (target) target.focus();
      return;
    }
    press(by > 0 ? "j" : "k");
  };

  const press = (key) => {
    const keyed = (where) => [...where.querySelectorAll(`[data-key="${key}"]`)].find((one) => one.checkVisibility());
    const form = document.activeElement.closest("form, details");
    const target = (form && keyed(form)) || keyed(document);
    if (!target) return false;
    target.click();
    if (target.matches("summary")) {
      const first = target.parentElement.querySelector("input, button, select, textarea");
      if (first) first.focus();
    }
    return true;
  };

  const choose = (number) => {
    const option = all("[data-choices] input[type=radio]")[number - 1];
    if (!option) return;
    const folded = option.closest("details");
    if (folded) folded.open = true;
    option.checked = true;
    option.dispatchEvent(new Event("change", { bubbles: true }));
    option.focus();
  };

  const send = () => {
    const form = document.activeElement.closest("form[method=post]") || document.querySelector("form[data-main]");
    if (!form || form.closest("details:not([open])")) return;
    const button = form.querySelector("[data-submit]") || form.querySelector("[type=submit]");
    if (button) button.click();
  };

  const tick = () => {
    const at = current();
    const box = at < 0 ? null : rows()[at].querySelector("input[type=checkbox]");
    if (box) box.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const help = document.getElementById("keys");
    if (help.open && event.key !== "?") return;
    const key = event.key.toLowerCase();
    if (key === "?") help.open ? help.close() : help.showModal();
    else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "x") tick();
    else if (key === "t" || key === "o") press(key);
    else if (/^[5-9]$/.test(key)) press(key);
    else if (/^[1-4]$/.test(key)) choose(Number(key));
    else return;
    event.preventDefault();
  });
})();
