// Progressive enhancement: the user's time zone, keyboard, live updates. Pages work without scripts, with times in UTC.
import "./keyboard.js";
import "./live.js";

const zoneKey = "observatory-zone";
const pad = number => String(number).padStart(2, "0");
const isUtc = () => localStorage.getItem(zoneKey) === "utc";

function clock(moment, utc, seconds) {
  const get = part => utc ? moment["getUTC" + part]() : moment["get" + part]();
  const time = pad(get("Hours")) + ":" + pad(get("Minutes"));
  return seconds ? `${time}:${pad(get("Seconds"))}.${String(get("Milliseconds")).padStart(3, "0")}` : time;
}

function text(moment, utc, short) {
  const day = utc ? moment.toISOString().slice(0, 10) : `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  const now = new Date();
  const today = utc ? now.toISOString().slice(0, 10) : `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
  const time = clock(moment, utc, !short);
  const date = { day: "numeric", month: "short", year: "numeric", timeZone: utc ? "UTC" : undefined };
  return day === today || short ? time : moment.toLocaleDateString("en-GB", date) + ", " + time;
}

/** Shows all times below the element in the chosen zone, with the other zone in the tooltip. */
export function showTimes(root) {
  const utc = isUtc();

  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);

    if (!Number.isNaN(moment.getTime())) {
      const short = element.classList.contains("hm");
      element.textContent = text(moment, utc, short);
      element.title = utc ? text(moment, false, false) + " here" : text(moment, true, false) + " UTC";
    }
  }
}

const zone = document.querySelector("[data-zone]");

function showZone() {
  const minutes = -new Date().getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const local = minutes === 0 ? "UTC" : `UTC${minutes < 0 ? "-" : "+"}${hours}${rest ? ":" + pad(rest) : ""}`;
  zone.textContent = isUtc() ? "UTC" : local;
  zone.hidden = minutes === 0;
}

zone.addEventListener("click", () => {
  localStorage.setItem(zoneKey, isUtc() ? "local" : "utc");
  showZone();
  showTimes(document);
});
showZone();
showTimes(document);
document.addEventListener("observatory:added", event => showTimes(event.target));

if (document.querySelector("[data-tail]")) {
  await import("./tail.js");
}
