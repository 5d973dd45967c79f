/* The little that the page cannot do without: clicks on marks, scrolling, Escape.
   It reads positions from data attributes and never builds markup. */
window.broadsheet = {
  /* A click (or Enter) on a mark or a piece of evidence is reported to Python as positions. */
  clicks(element, trigger) {
    if (element.closest("#welcome")) window.broadsheet.tells = trigger; // of a greeting's cards too
    if (element.closest("#header")) window.broadsheet.open = (named) => trigger("click", named);
    element.addEventListener("click", (event) => {
      const mark = event.target.closest("button[data-kind]");
      if (!mark) return;
      const tells = mark.dataset.kind === "example" ? window.broadsheet.tells : trigger;
      const { turn, kind, number } = mark.dataset;
      if (kind !== "undo") used = { mark, element };
      const note = mark.closest(".vote")?.querySelector("textarea")?.value;
      tells("click", { turn: Number(turn), kind, number: Number(number), note });
      if (kind === "vote") mark.closest(".vote").textContent = "Noted, thank you.";
    });
  },
  /* A new question is brought into view; while its answer is written the page stays still. */
  follow(element, watch) {
    let shown = "";
    let waited = "";
    watch("value", () => {
      const asked = element.querySelector("[data-turn]");
      const turn = asked ? asked.dataset.turn : "";
      const above = asked?.getBoundingClientRect().top;
      if (turn !== "") window.broadsheet.shelf.expect();
      if (turn !== "" && turn !== shown && (above < 0 || above > innerHeight / 3)) asked.scrollIntoView({ block: "start" });
      shown = turn;
      const waits = element.querySelector("[data-waits]")?.dataset.waits ?? "";
      window.broadsheet.unanswered(waits);
      // Stop goes, and would take the focus with it
      if (waited && !waits && document.activeElement?.matches("body, #stop")) toAnswer();
      waited = waits;
    });
  },
  /* The question that is being answered is kept for as long as it is, in case the page is reloaded,
     which Gradio does too where the connection was lost. */
  unanswered(question) {
    try {
      if (question === undefined) return sessionStorage.getItem("unanswered") ?? "";
      if (question) sessionStorage.setItem("unanswered", question);
      else sessionStorage.removeItem("unanswered");
    } catch { /* this browser keeps nothing */ }
    return "";
  },
  /* Earlier questions appear above what is being read, which stays where it is. */
  steady(element, watch) {
    let turn = null;
    let top = 0;
    const read = (name) => element.querySelector(`.exchange${name}`);
    element.addEventListener("click", ({ target }) => {
      if (!target.closest(".earlier")) return;
      turn = read("").dataset.turn;
      top = read("").getBoundingClientRect().top;
    });
    watch("value", () => requestAnimationFrame(() => {
      const same = turn === null ? null : read(`[data-turn="${turn}"]`);
      turn = null;
      if (!same) return;
      window.scrollBy({ top: same.getBoundingClientRect().top - top, behavior: "instant" });
      element.querySelector(".earlier, .mark")?.focus({ preventScroll: true });
    }));
  },
  /* An opened article is scrolled to the cited sentence and takes the focus. It has an entry of the
     browser's history: Back closes it. */
  reveal(element, watch) {
    const centre = (mark) => {
      const panel = element.closest("#reader");
      if (!mark) { panel.scrollTop = 0; return; }
      const top = mark.getBoundingClientRect().top - panel.getBoundingClientRect().top;
      const head = element.querySelector("header").offsetHeight; // which covers what is below it
      panel.scrollTop += top - Math.max(panel.clientHeight / 3, head + 16);
    };
    const show = () => requestAnimationFrame(() => {
      const article = element.querySelector("article");
      if (!article || !element.closest("#reader")) return;
      article.focus({ preventScroll: true });
      centre(element.querySelector("mark.now") ?? element.querySelector("mark"));
      window.broadsheet.address.opened(article.dataset);
    });
    element.addEventListener("click", ({ target }) => {
      const step = Number(target.closest("[data-step]")?.dataset.step);
      if (!step) return;
      const marks = [...element.querySelectorAll("mark")];
      const count = Math.max(...marks.map((mark) => Number(mark.dataset.quote)));
      const now = Number(element.querySelector("mark.now")?.dataset.quote ?? 1);
      const next = String((now - 1 + step + count) % count + 1);
      for (const mark of marks) mark.classList.toggle("now", mark.dataset.quote === next);
      element.querySelector(".steps [role=status]").textContent = `Quote ${next} of ${count}`;
      centre(element.querySelector("mark.now"));
    });
    show();
    watch("value", show);
  },
  /* A text becomes a file of the person's; a document comes in Base64. */
  save(name, text) {
    if (!text) return;
    const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    const types = { csv: "text/csv", json: "application/json", md: "text/markdown", docx };
    const type = types[name.split(".").at(-1)] ?? "text/plain";
    const bytes = name.endsWith(".docx") ? Uint8Array.from(atob(text), (one) => one.charCodeAt(0)) : text;
    const file = URL.createObjectURL(new Blob([bytes], { type: `${type};charset=utf-8` }));
    const anchor = Object.assign(document.createElement("a"), { href: file, download: name });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(file), 1000);
  },
  /* A list that a click draws anew keeps the focus. */
  keepFocus(element, watch) {
    watch("value", () => requestAnimationFrame(() => {
      if (used?.element === element && document.activeElement === document.body) standing()?.focus();
    }));
  },
  /* Back to what was used last before what has the focus goes: else to the tab. */
  refocus() {
    if (!document.activeElement.matches("body, #reader *, #notice *")) return;
    const seen = standing()?.checkVisibility() ? standing() : document.querySelector("#tabs [aria-selected=true]");
    seen?.focus({ preventScroll: true });
  },
  /* The article is closed: back to the mark that opened it. */
  back() {
    window.broadsheet.refocus();
    window.broadsheet.address.closed();
  },
  /* The article was removed: it is closed, and what puts it back has the focus. */
  removed(notice) {
    if (!notice) return;
    window.broadsheet.back();
    requestAnimationFrame(() => document.querySelector("#notice button")?.focus());
  },
};
/* The button that was used last or, where it went or can be used no more, the last of its kind. */
let used = null;
function standing() {
  const { mark, element } = used ?? {};
  if (!mark || (mark.isConnected && !mark.disabled)) return mark;
  const { kind, number } = mark.dataset;
  const instead = kind === "chip" ? "#limits > button" : `#chart [data-kind=${kind}][data-number="${number}"]`;
  return [...element.querySelectorAll(`[data-kind=${kind}]:enabled`)].at(-1) ?? document.querySelector(instead);
}
/* A click opens the article: the card is in the way then, until the pointer comes back. */
document.addEventListener("click", ({ target }) => target.closest?.(".mark")?.classList.add("clicked"));
document.addEventListener("pointerout", ({ target }) => target.closest?.(".mark")?.classList.remove("clicked"));
/* The card of a mark opens towards the middle of the page; a mark and its source light up together. */
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, ({ target }) => {
    const mark = target.closest?.("[data-kind=cite]");
    for (const one of document.querySelectorAll(".lit")) one.classList.remove("lit");
    if (!mark) return;
    const { turn, number } = mark.dataset;
    const same = `[data-kind=cite][data-turn="${turn}"][data-number="${number}"]`;
    for (const one of document.querySelectorAll(same)) one.classList.add("lit");
    mark.classList.toggle("to-left", mark.getBoundingClientRect().left > innerWidth / 2);
  });
}
/* What opens is seen whole, above the box. */
document.addEventListener("toggle", ({ target }) => {
  if (target.open && target.closest(".vote")) target.scrollIntoView({ block: "nearest" });
}, { capture: true });
/* Copying: the button says that it is done. Without a secure address there is no clipboard. */
document.addEventListener("click", async ({ target }) => {
  const tool = target.closest?.(".tool");
  if (!tool) return;
  const { copy, link, kind, ask, search } = tool.dataset;
  const box = document.querySelector("#box textarea");
  if (kind === "edit") box.focus(); // Python puts the question and its limits back
  if (ask !== undefined) {
    window.broadsheet.address.fill(box, ask);
    box.focus();
    requestAnimationFrame(() => document.querySelector("#ask")?.click());
  }
  if (search !== undefined) {
    window.broadsheet.address.write("search", { q: search });
    window.broadsheet.address.restore();
  }
  if (copy === undefined && link === undefined) return;
  const text = copy ?? location.origin + location.pathname + link;
  const name = tool.textContent;
  try {
    await navigator.clipboard.writeText(text);
    tool.textContent = "Copied";
  } catch {
    tool.textContent = "This browser does not allow copying";
  }
  setTimeout(() => { tool.textContent = name; }, 2000);
});
/* Whether the limits are open is told to who does not see it. */
const expand = ({ target }) => {
  if (target.matches?.("#limits > button")) target.setAttribute("aria-expanded", target.classList.contains("open"));
};
document.addEventListener("focusin", expand);
new MutationObserver((changes) => changes.forEach(expand))
  .observe(document, { subtree: true, attributeFilter: ["class"] });
const toAnswer = () => document.querySelector("#now :is(.mark, .tool)")?.focus();
document.addEventListener("click", ({ target }) => {
  if (target.matches?.("#form .skip")) { toAnswer(); return; }
  if (!target.matches?.(".skip")) return;
  window.broadsheet.address.visit(0);
  requestAnimationFrame(() => document.querySelector("#box textarea")?.focus());
});
/* A day from the browser's calendar, which opens within the archive's days, is put into words. */
document.addEventListener("focusin", ({ target }) => {
  const { first, last } = document.querySelector(".coverage")?.dataset ?? {};
  if (target.matches?.(".calendar")) Object.assign(target, { min: first ?? "", max: last ?? "" });
});
document.addEventListener("change", ({ target }) => {
  if (!target.matches?.(".calendar") || !target.value) return;
  const form = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  const line = target.closest(".day").querySelector("textarea");
  line.value = target.valueAsDate.toLocaleDateString("en-GB", form);
  line.dispatchEvent(new Event("input", { bubbles: true }));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const button = document.querySelector("#stop") || document.querySelector("#close");
  if (button && button.offsetParent) button.click();
});
/* Arrows go from tab to tab, as in any row of tabs (WAI-ARIA). */
document.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const tab = event.target.closest?.("[role=tab]");
  if (!step || !tab) return;
  const tabs = [...tab.parentElement.querySelectorAll("[role=tab]")].filter((one) => one.offsetParent);
  tabs.at((tabs.indexOf(tab) + step) % tabs.length).focus();
  event.preventDefault();
});
/* An article is removed, and a conversation deleted, by the second of two clicks. */
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#remove, [data-again]");
  if (!button || button.dataset.sure) return;
  event.stopPropagation();
  const name = button.textContent;
  button.dataset.sure = "yes";
  button.textContent = button.dataset.again ?? "Click again to remove";
  setTimeout(() => { delete button.dataset.sure; button.textContent = name; }, 10000);
}, { capture: true });
/* Of a folder that is dropped, the files in it are brought; the browser alone would send the folder. */
const filesIn = async (entry) => {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return (await Promise.all(found.map(filesIn))).flat();
    found.push(...some);
  }
};
document.addEventListener("drop", async (event) => {
  const input = event.target.closest?.("#files")?.querySelector("input[type=file]");
  const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  if (!input || !entries.some((one) => one.isDirectory)) return;
  event.preventDefault();
  event.stopPropagation();
  const held = new DataTransfer();
  for (const file of (await Promise.all(entries.map(filesIn))).flat()) held.items.add(file);
  input.files = held.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}, { capture: true });
