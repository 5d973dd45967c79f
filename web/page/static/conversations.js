/* Conversations, kept in this browser. Their text is the value of a BrowserState; what changes it
   is applied here, so that none is sent anywhere but the one that is opened. Builds no markup.
   Kept: {version, conversations: [{id, title, titled, at, exchanges: [{id, at, …}]}], deleted: {id: at}},
   where `at` is milliseconds by this browser's clock and `titled` when a person named it. */
/* A browser that allows no storage would stop the page, which can do without. */
try {
  window.localStorage.getItem("");
} catch {
  const none = { getItem: () => null, setItem() {}, removeItem() {} };
  Object.defineProperty(window, "localStorage", { value: none, configurable: true });
}
window.broadsheet.shelf = (() => {
  const VERSION = 1;
  const { address } = window.broadsheet;
  const MOST = 100; // conversations
  const LARGEST = 1_000_000; // bytes: encrypting more would be felt, and localStorage holds 5 MB
  const GRAVES = 200; // deleted conversations that are remembered, so that no other tab revives one
  const NAME = /^[0-9a-f]{32}$/;
  const whole = window.matchMedia("(min-width: 1400px)"); // room for the list beside the chat
  let text = ""; // what is kept: of two events that run at once either would undo the other's change
  let begun = false; // whether the browser has been read
  let pending = []; // changes of this tab and of others that are not applied yet
  let fire = () => {};
  let click = null; // asks Python for the conversation that is chosen
  let shown = ""; // the conversation on the page, which the address names
  let channel = null;
  let chosen = "";
  let empty = true; // no conversation is kept: there is nothing to list

  /* What was written by another version, another program or nobody is an empty shelf. */
  function read(text) {
    let found = null;
    try { found = JSON.parse(text); } catch { /* not ours */ }
    if (found?.version !== VERSION || !Array.isArray(found.conversations)) found = {};
    const object = (one) => one !== null && typeof one === "object";
    const readable = (one) => NAME.test(one?.id) && Array.isArray(one.exchanges)
      && one.exchanges.length > 0 && one.exchanges.every(object);
    const deleted = object(found.deleted) ? { ...found.deleted } : {};
    return { version: VERSION, conversations: (found.conversations ?? []).filter(readable), deleted };
  }

  /* The same changes in another order, or twice, make the same shelf: the later one holds. */
  function apply(shelf, change) {
    const { kind, id, at } = change;
    if (!NAME.test(id) || !Number.isFinite(at)) return;
    const one = shelf.conversations.find((other) => other.id === id);
    if (kind === "delete") {
      shelf.deleted[id] = Math.max(at, shelf.deleted[id] ?? 0);
      if (one) one.exchanges = one.exchanges.filter((exchange) => exchange.at > at);
      shelf.conversations = shelf.conversations.filter((other) => other.exchanges.length);
    } else if (kind === "rename" && one && at > (one.titled ?? 0)) {
      Object.assign(one, { title: String(change.title), titled: at });
    } else if (kind === "put" && at > (shelf.deleted[id] ?? 0)) {
      put(shelf, one, change);
    }
  }

  function put(shelf, one, { id, at, title, exchange }) {
    const kept = { ...exchange, at };
    if (!one) {
      shelf.conversations.push({ id, title: String(title), titled: 0, at, exchanges: [kept] });
      return;
    }
    if (one.exchanges.some((other) => other.id === kept.id)) return;
    one.exchanges.push(kept);
    one.exchanges.sort((first, second) => first.at - second.at);
    one.at = one.exchanges.at(-1).at;
  }

  /* The oldest conversations go first; of one that alone is too large its oldest questions. */
  function fit(shelf, most = MOST, largest = LARGEST) {
    const graves = Object.entries(shelf.deleted).sort((first, second) => second[1] - first[1]);
    shelf.deleted = Object.fromEntries(graves.slice(0, GRAVES));
    shelf.conversations.sort((first, second) => second.at - first.at);
    shelf.conversations.length = Math.min(shelf.conversations.length, most);
    const size = (one) => new TextEncoder().encode(JSON.stringify(one)).length;
    const sizes = shelf.conversations.map(size);
    let total = sizes.reduce((sum, one) => sum + one, 0);
    while (shelf.conversations.length > 1 && total > largest) {
      shelf.conversations.pop();
      total -= sizes.pop();
    }
    const last = shelf.conversations[0];
    while (last?.exchanges.length > 1 && total > largest) total -= size(last.exchanges.shift());
    return shelf;
  }

  /* A question is asked: room for the list is made at once, not under the reader of the answer. */
  function expect() {
    if (!empty) return;
    empty = false;
    show(whole.matches);
  }

  function begin(kept) {
    begun = true;
    text ||= kept ?? "";
    if (pending.length) fire();
    resume();
  }

  /* The place in the address of the conversation on the page; and which one the address names. */
  const place = () => (shown ? `c-${shown}` : "");
  const named = () => address.read().place.match(/^c-([0-9a-f]{32})$/)?.[1] ?? "";

  /* Of the conversation on the page; what else is open stays in the address where it is no other. */
  function name(id, stays = false) {
    const { place: before, values } = address.read();
    shown = id;
    if (!stays) address.write(place());
    else if (/^(c-.*)?$/.test(before)) address.write(place(), values);
  }

  /* Bring what the address names, where that is not shown. */
  function resume() {
    if (!begun || !click) return;
    if (named() && named() !== shown) open(named(), true);
    else if (!address.read().place && shown) document.querySelector("#renew")?.click();
    address.restore();
  }

  function open(id, stays = false) {
    chosen = id;
    name(id, stays);
    click();
  }

  function taken() {
    if (!begun || !pending.length) return text;
    const shelf = read(text);
    for (const change of pending) if (change) apply(shelf, change);
    pending = [];
    text = JSON.stringify(fit(shelf));
    return text;
  }

  function tell(change) {
    const told = { ...change, at: Date.now() };
    pending.push(told);
    channel?.postMessage(told);
  }

  /* A finished answer, as Python made it; nothing where the question had none. */
  function keep(made) {
    if (made) {
      const change = JSON.parse(made);
      tell({ ...change, kind: "put" });
      name(change.id, true);
    }
    return taken();
  }

  /* The list for Python to draw, newest first: what has all the words in its title or questions.
     While a page opens, Gradio gives null for what is empty. */
  function listed(kept, words) {
    text ||= kept ?? "";
    const wanted = (words ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const has = (one) => {
      const said = [one.title, ...one.exchanges.map((exchange) => exchange.question)];
      const all = said.join("\n").toLocaleLowerCase();
      return wanted.every((word) => all.includes(word));
    };
    const all = read(text).conversations;
    if (empty !== !all.length) {
      empty = !all.length;
      show(whole.matches);
    }
    const rows = all.filter(has);
    rows.sort((first, second) => second.at - first.at);
    const day = (at) => new Date(at).toLocaleDateString("sv"); // as 2023-06-18
    return JSON.stringify(rows.map(({ id, title, at }) => ({ id, title, day: day(at) })));
  }

  /* The conversation that was clicked, for Python to open. */
  function opened() {
    const one = read(text).conversations.find((other) => other.id === chosen);
    return one ? JSON.stringify(one.exchanges) : "";
  }

  const isOpen = () => document.querySelector("#shelf")?.dataset.open === "true";
  const toggle = () => document.querySelector("#shelf-toggle");

  function show(open) {
    const over = !whole.matches;
    Object.assign(document.querySelector("#shelf").dataset, { open: open && !empty, over });
    if (!toggle()) { setTimeout(() => show(open), 100); return; } // the page is still opening
    toggle().setAttribute("aria-expanded", String(open && !empty));
    toggle().hidden = empty;
  }

  /* Close the list that lies over the page, and leave its entry of the history. */
  let shutting = false;
  function shut() {
    show(false);
    shutting = Boolean(history.state?.list);
    if (shutting) history.back();
  }

  function attach(element, trigger, key) {
    fire = () => trigger("input");
    click = () => trigger("click");
    channel = new BroadcastChannel(key);
    channel.onmessage = ({ data }) => {
      // a tab that slept gets all that it missed at once: they are taken, and written, together
      if (pending.push(data) === 1 && begun) setTimeout(fire, 50);
    };
    show(whole.matches);
    whole.addEventListener("change", () => show(whole.matches));
    element.addEventListener("click", ({ target }) => {
      const button = target.closest("button[data-does]");
      const item = target.closest("li[data-id]");
      if (!button || !item) return;
      const does = button.dataset.does;
      if (does === "open") {
        document.querySelector("#tabs [role=tab]")?.click();
        if (!whole.matches) { show(false); toggle()?.focus(); }
        open(item.dataset.id);
      } else if (does === "delete") {
        if (item.querySelector("[aria-current]")) document.querySelector("#renew")?.click();
        tell({ kind: "delete", id: item.dataset.id });
        fire();
        document.querySelector("#shelf-words input, #shelf-words textarea")?.focus();
      } else naming(item, does === "rename");
    });
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      const item = event.target.closest("li[data-id]");
      const title = event.target.elements.title.value.trim();
      if (title) tell({ kind: "rename", id: item.dataset.id, title });
      naming(item, false);
      fire();
    });
  }

  function naming(item, begins) {
    const form = item.querySelector("form");
    form.hidden = !begins;
    item.querySelector(".named").hidden = begins;
    if (begins) { form.elements.title.value = form.elements.title.defaultValue; form.elements.title.select(); }
    else item.querySelector("[data-does=rename]").focus();
  }

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#renew")) {
      document.querySelector("#tabs [role=tab]")?.click();
      name("");
      history.replaceState(history.state, "", location.pathname); // without a link's question
    }
    if (target.closest?.("#shelf-toggle")) {
      if (isOpen()) shut();
      else show(true);
      if (!isOpen() || whole.matches) return;
      history.pushState({ ...history.state, list: true }, ""); // Back closes the list
      document.querySelector("#shelf-words input, #shelf-words textarea")?.focus();
    } else if (target.closest?.("[data-does=shut]")) {
      shut();
      toggle()?.focus();
    } else if (!whole.matches && isOpen() && !target.closest?.("#shelf")) shut();
  });
  /* Where the list lies over the page, it goes when the focus does. */
  document.addEventListener("focusin", ({ target }) => {
    if (!whole.matches && isOpen() && !target.closest?.("#shelf, #shelf-toggle")) shut();
  });
  /* Escape leaves a title as it is, or closes the list; otherwise it is not ours. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const form = event.target.closest?.("#shelf form");
    if (form) naming(form.closest("li"), false);
    else if (event.target.closest?.("#shelf, #shelf-toggle") && isOpen() && !whole.matches) {
      shut();
      toggle()?.focus();
    } else return;
    event.stopPropagation();
  }, { capture: true });

  /* Of several steps back or forward at once only the last counts: their answers could cross. */
  let step = 0;
  window.addEventListener("popstate", () => {
    if (shutting) { shutting = false; return; }
    if (isOpen() && !whole.matches) { show(false); return; }
    clearTimeout(step);
    step = setTimeout(resume, 150);
  });

  return { attach, begin, expect, keep, taken, listed, opened, place, read, fit };
})();
