/* The little that the page cannot do without: clicks on marks, scrolling, Escape.
   It reads positions from data attributes and never builds markup. */
window.broadsheet = {
  /* A click (or Enter) on a mark or a piece of evidence is reported to Python as positions. */
  clicks(element, trigger) {
    element.addEventListener("click", (event) => {
      const mark = event.target.closest("button[data-kind]");
      if (!mark) return;
      window.broadsheet.opener = mark;
      const { turn, kind, number } = mark.dataset;
      const note = mark.closest(".vote")?.querySelector("textarea")?.value;
      trigger("click", { turn: Number(turn), kind, number: Number(number), note });
      if (kind === "vote") mark.closest(".vote").textContent = "Noted, thank you.";
    });
  },
  /* A new question is brought into view; while its answer is written the page stays still. */
  follow(element, watch) {
    let shown = "";
    watch("value", () => {
      const asked = element.querySelector("[data-turn]");
      const turn = asked ? asked.dataset.turn : "";
      if (turn !== "" && turn !== shown) asked.scrollIntoView({ block: "start" });
      shown = turn;
    });
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
  /* An opened article is scrolled to the cited sentence and takes the focus. */
  reveal(element, watch) {
    const show = () => requestAnimationFrame(() => {
      const narrow = window.matchMedia("(max-width: 900px)").matches;
      const article = element.querySelector("article");
      const cited = element.querySelector("mark");
      const panel = element.closest("#reader");
      if (!article || !panel) return;
      article.focus({ preventScroll: true });
      if (narrow) (cited || article).scrollIntoView({ block: "center" });
      else if (!cited) panel.scrollTop = 0;
      else {
        const top = cited.getBoundingClientRect().top - panel.getBoundingClientRect().top;
        panel.scrollTop += top - panel.clientHeight / 3;
      }
    });
    show();
    watch("value", show);
  },
  /* A text becomes a file of the person's. */
  save(name, text) {
    const type = name.endsWith(".json") ? "application/json" : "text/markdown";
    const file = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    const anchor = Object.assign(document.createElement("a"), { href: file, download: name });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(file), 1000);
  },
  /* The article is closed: back to the mark that opened it. */
  back() {
    const mark = window.broadsheet.opener;
    if (mark && mark.isConnected) mark.focus();
  },
};
/* The card of a mark opens towards the middle of the page. */
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, ({ target }) => {
    const mark = target.closest?.(".mark");
    if (!mark) return;
    mark.classList.toggle("to-left", mark.getBoundingClientRect().left > innerWidth / 2);
  });
}
/* Copying: the button says that it is done. Without a secure address there is no clipboard. */
document.addEventListener("click", async ({ target }) => {
  const tool = target.closest?.(".tool");
  if (!tool) return;
  const { copy, link, edit, ask } = tool.dataset;
  const question = edit ?? ask;
  if (question !== undefined) {
    const box = document.querySelector("#box textarea");
    box.value = question;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
    if (ask !== undefined) requestAnimationFrame(() => document.querySelector("#ask")?.click());
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
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const button = document.querySelector("#stop") || document.querySelector("#close");
  if (button && button.offsetParent) button.click();
});
/* An article is removed, and a conversation deleted, by the second of two clicks. */
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#remove, [data-again]");
  if (!button || button.dataset.sure) return;
  event.stopPropagation();
  const name = button.textContent;
  button.dataset.sure = "yes";
  button.textContent = button.dataset.again ?? "Click again to remove";
  setTimeout(() => { delete button.dataset.sure; button.textContent = name; }, 4000);
}, { capture: true });
