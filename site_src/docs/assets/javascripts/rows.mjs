// What a data table does with its rows: order, search, filter, text for a file. Pure.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
export const fold = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

// Order of two sort keys; an absent value comes last in both directions.
export function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  return direction * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
}

// The rows that contain every word of the query, have the chosen value in each filtered column and any value in the column
// `present`, in order.
export function select(rows, { query = "", chosen = new Map(), present = -1, column = -1, direction = 1 } = {}) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const kept = rows.filter((row) =>
    words.every((word) => row.text.includes(word)) && [...chosen].every(([index, value]) => row.keys[index] === value)
    && (present < 0 || row.keys[present] !== null));
  return column < 0 ? kept : kept
    .map((row, index) => ({ row, index }))
    .sort((a, b) => compare(a.row.keys[column], b.row.keys[column], direction) || a.index - b.index)
    .map(({ row }) => row);
}

// A field of a CSV file. A text that a spreadsheet would take for a formula is marked as text, as in the site's own files.
function field(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (labels, rows) => [labels, ...rows].map((row) => `${row.map(field).join(",")}\n`).join("");
