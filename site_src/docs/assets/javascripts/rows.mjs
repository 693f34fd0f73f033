// What a data table does with its rows: order, search, filter, text for a file. Pure. A row gives its folded text and key(index).

export const fold = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

// A text as it is sorted: without regard to case and accents, numbers in it by their size. Made once a row, so that the many
// comparisons of a sort are plain ones: a collator's would take most of the time that a sort of 4,500 rows may take.
const natural = (text) => fold(text).replace(/\d+/g, (digits) => digits.padStart(16, "0"));
const sortKey = (key) => (typeof key === "string" ? natural(key) : key);

// Order of two sort keys; an absent value comes last in both directions, a number before a text.
export function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a !== typeof b) return direction * (typeof a === "number" ? -1 : 1);
  return direction * (a < b ? -1 : a > b ? 1 : 0);
}

// The rows that contain every word of the query, have the chosen value in each filtered column and any value in the column
// `present`, in order.
export function select(rows, { query = "", chosen = new Map(), present = -1, column = -1, direction = 1 } = {}) {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const kept = rows.filter((row) =>
    words.every((word) => row.text.includes(word)) && [...chosen].every(([index, value]) => row.key(index) === value)
    && (present < 0 || row.key(present) !== null));
  return column < 0 ? kept : kept
    .map((row) => ({ row, key: sortKey(row.key(column)) }))
    .sort((a, b) => compare(a.key, b.key, direction)) // stable: ties keep their order
    .map(({ row }) => row);
}

// A field of a CSV file. A text that a spreadsheet would take for a formula is marked as text, as in the site's own files.
function field(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (labels, rows) => [labels, ...rows].map((row) => `${row.map(field).join(",")}\n`).join("");
