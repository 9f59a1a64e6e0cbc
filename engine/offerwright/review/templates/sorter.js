"use strict";
// Sorts and filters tables that are whole without it. Numbers stand in data-v; an empty one is last.
const words = new Intl.Collator(undefined, {numeric: true});
const say = document.querySelector("[data-count]");

const keyOf = (row, at) => {
  const cell = row.cells[at], v = cell.dataset.v;
  return v === undefined ? cell.textContent.trim() : v === "" ? null : Number(v);
};

const compared = (a, b, way) => {
  if (a === null || b === null) return (a === null) - (b === null);
  return way * (typeof a === "number" ? a - b : words.compare(a, b));
};

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    if (!("sort" in head.dataset)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falls = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(one => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falls ? "descending" : "ascending");
      const keyed = [...body.rows].map(row => [keyOf(row, at), row]);
      keyed.sort((a, b) => compared(a[0], b[0], falls ? -1 : 1));
      body.append(...keyed.map(pair => pair[1]));
    });
  });
}

const filter = document.querySelector(".filter");
if (filter) {
  const rows = [...document.querySelector("table[data-filtered]").tBodies[0].rows];
  const texts = rows.map(row => row.textContent.toLowerCase());
  const find = filter.querySelector("[data-find]"), picks = [...filter.querySelectorAll("select")];
  const narrow = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, n) => {
      const fits = wanted.every(word => texts[n].includes(word)) && picks.every(pick =>
        !pick.value || row.cells[pick.dataset.cell].firstChild.textContent.trim() === pick.value);
      row.hidden = !fits;
      shown += fits;
    });
    say.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} offers`;
  };
  let timer;
  find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(narrow, 120); });
  picks.forEach(pick => pick.addEventListener("change", narrow));
  filter.hidden = false;
  narrow();
}
