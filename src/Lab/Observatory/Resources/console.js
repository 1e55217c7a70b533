// Follows a console. Text is only ever set as text. Bounded by `longest` lines on the page, and as many that wait while it is paused.
const longest = 1000;
const view = document.getElementById("console");
const pause = document.getElementById("pause");
const waiting = document.getElementById("waiting");
const state = document.getElementById("live-state");
let held = [];
let missed = 0;
let paused = false;

const isAtEnd = () => view.scrollHeight - view.scrollTop - view.clientHeight < 40;

function part(text, name) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function add(lines) {
  const follow = isAtEnd();

  for (const line of lines) {
    const row = document.createElement("div");
    row.className = line.isError ? "err" : "";

    if (line.time) {
      row.append(part(new Date(line.time).toISOString().slice(11, 23) + " ", "k"));
    }

    row.append(...line.runs.map(run => part(run.text, run.class)));
    view.append(row);
  }

  while (view.childElementCount > longest) {
    view.firstElementChild.remove();
  }

  if (follow) {
    view.scrollTop = view.scrollHeight;
  }
}

function show() {
  pause.textContent = paused ? "Go on" : "Pause";
  waiting.hidden = missed === 0;
  waiting.textContent = `${missed} new ${missed === 1 ? "line" : "lines"}. Show`;
}

function resume() {
  paused = false;
  add(held);
  held = [];
  missed = 0;
  show();
  view.scrollTop = view.scrollHeight;
}

pause.addEventListener("click", () => {
  if (paused) {
    resume();
  } else {
    paused = true;
    show();
  }
});
waiting.addEventListener("click", resume);

const stream = new EventSource(`${view.dataset.stream}&after=${view.dataset.after}`);
stream.addEventListener("open", () => state.textContent = "Live.");
stream.addEventListener("error", () => state.textContent = stream.readyState === EventSource.CLOSED ? "Not live: load the page again." : "Not live: asked again in a moment.");
stream.addEventListener("end", event => state.textContent = "Not live: " + JSON.parse(event.data).reason);
stream.addEventListener("lines", event => {
  const lines = JSON.parse(event.data);

  // What is being read does not move: a selection or a place further up holds the lines back too.
  if (paused || !isAtEnd() || !getSelection().isCollapsed) {
    held = [...held, ...lines].slice(-longest);
    missed += lines.length;
    show();
  } else {
    add([...held, ...lines]);
    held = [];
    missed = 0;
    show();
  }
});
pause.hidden = false;
view.scrollTop = view.scrollHeight;
