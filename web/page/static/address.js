/* What is shown is named in the address, so that Back, a reload and a link bring it again: `#c-ID` of
   a conversation, `#search&q=…&from=…&to=…`, `#archive&q=…&month=…` or `#add`, and with each of them
   `&article=ID&at=1-9`, the article that is open and where its quote stands. */
window.broadsheet.address = (() => {
  const TABS = ["ask", "search", "archive", "add"];
  const find = (name) => document.querySelector(name);
  const tabs = () => [...document.querySelectorAll("#tabs [role=tab]")];
  const same = (one, other) => ["q", "from", "to", "month"].every((name) => (one[name] || "") === (other[name] || ""));
  let searched = {}; // what Search shows
  let narrowed = {}; // what the Archive's list is narrowed to
  let wanted = []; // what it is yet to be narrowed to, for the address says so

  function read() {
    const [place, ...values] = location.hash.slice(1).split("&");
    return { place, values: Object.fromEntries(new URLSearchParams(values.join("&"))) };
  }

  /* `opens` an article: of that entry alone the one before is the same without it. */
  function write(place, values = {}, { replace = false, opens = false } = {}) {
    const said = new URLSearchParams(Object.entries(values).filter(([, value]) => value));
    const hash = [place, ...(said.size ? [said] : [])].join("&");
    if (hash === location.hash.slice(1)) return;
    const url = location.pathname + location.search + (hash && `#${hash}`);
    history[replace ? "replaceState" : "pushState"](replace ? history.state : { opens }, "", url);
  }

  /* The tab shows something else, beside the article that is open. */
  function go(place, values = {}, replace = false) {
    const { article, at } = read().values;
    write(place, { ...values, article, at }, { replace });
  }

  /* An article was opened (in place of another), or closed. */
  function opened({ id, at }) {
    const { place, values } = read();
    if (id) write(place, { ...values, article: id, at }, { replace: Boolean(values.article), opens: true });
  }
  function closed() {
    const { place, values: { article, at, ...others } } = read();
    if (history.state?.opens) history.back();
    else if (article) write(place, others, { replace: true });
  }

  /* Gradio draws what is in a tab when that is opened first. */
  function soon(name, then, tries = 50) {
    if (find(name)) then(find(name));
    else if (tries) setTimeout(() => soon(name, then, tries - 1), 100);
  }

  function fill(field, text) {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* Bring what the address names, but for a conversation, where that is not shown. */
  function restore() {
    const { place, values } = read();
    const tab = tabs()[Math.max(0, TABS.indexOf(place))];
    if (tab?.ariaSelected === "false") tab.click();
    if (place === "search" && values.q && !same(values, searched)) soon("#search-row textarea", (words) => {
      const [from, to] = document.querySelectorAll("#search-tab .days textarea");
      for (const [field, name] of [[from, "from"], [to, "to"], [words, "q"]]) fill(field, values[name] ?? "");
      requestAnimationFrame(() => find("#find").click());
    });
    if (place === "archive" && !same(values, narrowed)) {
      wanted = ["month", "q"].filter((name) => values[name] !== narrowed[name]).map((name) => [name, values[name] ?? ""]);
      narrow();
    }
    const shown = find("#article article")?.dataset.id;
    if (values.article && values.article !== shown) soon("#head .masthead", () => window.broadsheet.open(values));
    if (!values.article) find("#close")?.click();
  }

  /* Go to a tab, by its number, without the article that is open in another: Back leads to that. */
  function visit(at) {
    if (at === Math.max(0, TABS.indexOf(read().place))) return;
    const place = at ? TABS[at] : window.broadsheet.shelf.place();
    write(place, { search: searched, archive: narrowed }[place]);
    restore();
  }

  /* Do the next of what is wanted of the Archive's list; false where nothing is. */
  function narrow() {
    const bars = [...document.querySelectorAll("#chart [data-kind=period]")];
    const chosen = bars.find((bar) => bar.ariaPressed === "true");
    const [name, value] = bars.length ? wanted.shift() ?? [] : [];
    if (name === "month") (bars.find((bar) => bar.title.startsWith(`${value}:`)) ?? chosen)?.click();
    else if (name) fill(find("#archive-tab .line textarea"), value);
    else if (read().place === "archive" && !wanted.length) {
      narrowed = { q: find("#archive-tab .line textarea").value, month: chosen?.title.split(":")[0] };
      go("archive", narrowed, true);
    }
  }
  const listed = (watch) => watch("value", () => requestAnimationFrame(narrow));

  function search() {
    const fields = document.querySelectorAll("#search-row textarea, #search-tab .days textarea");
    const [q, from, to] = [...fields].map((field) => field.value);
    const first = !searched.q || same({ q, from, to }, searched);
    searched = { q, from, to };
    go("search", searched, first);
  }
  document.addEventListener("click", ({ target, isTrusted }) => {
    if (target.closest?.("#find")) search();
    const at = tabs().indexOf(target.closest?.("#tabs [role=tab]"));
    if (isTrusted && at >= 0) visit(at);
  });
  document.addEventListener("keydown", ({ key, target }) => {
    if (key === "Enter" && target.closest?.("#search-tab")) search();
  });

  return { read, write, visit, opened, closed, restore, listed, fill };
})();
