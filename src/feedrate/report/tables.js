"use strict";
// Makes every table sortable and downloadable. The page is whole without it.

const MISSING = /^(?:[\s/\u2013-]*|not available|not measured)$/;
const FACTORS = {
  ns: 1e-9, us: 1e-6, "\u00b5s": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600,
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, x: 1, "%": 1,
};
const NUMBER = /^[<>~]?\s*([+\-\u2212]?(?:\d[\d,]*)?\.?\d+(?:e[+\-]?\d+)?)(\s?)([a-z\u00b5%]*)(?![\w.])/i;
const FORMULA = /^(?:[=@\t]|[+\-](?![\d.]))/;
const words = new Intl.Collator("en", { numeric: true });

const textOf = (cell) => {
  const copy = cell.cloneNode(true);
  for (const line of copy.querySelectorAll("br, p")) line.before(" ");
  return copy.textContent.replace(/\u200b/g, "").replace(/\s+/g, " ").trim();
};

// A cell over several columns has its text in the first of them.
const textsOf = (row) => [...row.cells].flatMap(
  (cell) => [textOf(cell), ...Array(cell.colSpan - 1).fill("")]);

// The number a text begins with, in its unit's base; undefined where it begins with none.
const numberOf = (text) => {
  const [, digits, gap, unit] = text.match(NUMBER) ?? [];
  if (digits === undefined || (unit && !gap && !(unit in FACTORS))) return undefined;
  return Number(digits.replace(/,/g, "").replace("\u2212", "-")) * (FACTORS[unit] ?? 1);
};

// What to sort by, a key a row: numbers where most of the column are some; undefined is missing.
const keysOf = (texts) => {
  const present = texts.filter((text) => !MISSING.test(text));
  const numbers = present.filter((text) => numberOf(text) !== undefined);
  const numeric = 2 * numbers.length > present.length;
  return texts.map((text) => MISSING.test(text) ? undefined : numeric ? numberOf(text) : text);
};

const order = (one, other, sign) => {
  if (one === undefined || other === undefined) return (one === undefined) - (other === undefined);
  return sign * (typeof one === "number" ? one - other : words.compare(one, other));
};

const sort = (body, rows, column, sign) => {
  const keys = keysOf(rows.map((row) => textsOf(row)[column]));
  const places = rows.map((_, place) => place);
  places.sort((one, other) => order(keys[one], keys[other], sign) || one - other);
  body.append(...places.map((place) => rows[place]));
};

const makeSortable = (table) => {
  const [body] = table.tBodies, rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  for (const [column, head] of heads.entries()) {
    if (!head.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.ariaSort === "ascending";
      for (const each of heads) each.removeAttribute("aria-sort");
      head.ariaSort = falling ? "descending" : "ascending";
      sort(body, rows, column, falling ? -1 : 1);
    });
  }
};

// A spreadsheet runs what begins like a formula: such a text is marked as text.
const field = (text) => {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};

const csvOf = (table) => [...table.rows].map((row) => textsOf(row).map(field).join(",") + "\r\n").join("");

const download = (table) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", csvOf(table)], { type: "text/csv" }));
  link.download = `${table.id}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

for (const table of document.querySelectorAll("table[id]")) {
  if (table.tHead) makeSortable(table);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "csv";
  button.textContent = "Download as CSV";
  button.setAttribute("aria-label", `Download as CSV: ${table.caption.textContent}`);
  button.addEventListener("click", () => download(table));
  table.after(button);
}

// A link may point into what is folded away, and paper cannot be unfolded.
const unfold = () => document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
addEventListener("hashchange", unfold);
unfold();
const folded = [];
addEventListener("beforeprint", () => {
  folded.push(...document.querySelectorAll("details:not([open])"));
  for (const each of folded) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of folded.splice(0)) each.open = false;
});
