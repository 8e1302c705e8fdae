/* A tick in a table's head ticks the boxes of its column. Without this file it is not there, and each row has its own. */
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
