// Adds the days that are left to each deadline; the plain date stands without scripts. The page itself knows no clock.

const DAY = 86400000;

export function left(closes, now) {
  const days = Math.ceil((closes - now) / DAY);
  if (days > 1) return `${days.toLocaleString("en")} days left`;
  if (days === 1) return "last day";
  return "closed";
}

function start() {
  for (const time of document.querySelectorAll("time[data-cw-deadline]:not([data-cw-ready])")) {
    time.dataset.cwReady = "";
    const closes = Date.parse(time.dateTime);
    if (Number.isNaN(closes)) continue;
    const note = document.createElement("span");
    note.className = "cw-left";
    note.textContent = ` ${left(closes, Date.now())}`;
    time.after(note);
  }
}

if (typeof document !== "undefined") {
  if (window.document$) window.document$.subscribe(start);
  else start();
}
