/* A checkbox in a table's head that ticks all checkboxes of its column. Without this file it stays hidden. */
(() => {
  for (const all of document.querySelectorAll("[data-tick-all]")) {
    const boxes = [...all.closest("table").querySelectorAll("tbody input[type=checkbox]")];
    const show = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    };
    all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
    boxes.forEach((box) => box.addEventListener("change", show));
    all.hidden = false;
    show();
  }
})();
