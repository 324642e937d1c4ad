// What the console does beyond htmx: times in the reader's own zone, copying, a menu that closes. Everything works without it.
(() => {
  const local = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      const instant = new Date(time.dateTime);
      if (Number.isNaN(instant.getTime())) continue;
      time.title = time.textContent;
      time.textContent = instant.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
      time.dataset.local = "";
    }
  };
  local(document);
  document.addEventListener("htmx:load", (event) => local(event.target));

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      const field = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(field.value);
        button.textContent = "Copied";
      } catch {
        field.select();
      }
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A form is sent once: a second press while it is on its way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  document.addEventListener("htmx:afterRequest", (event) => delete event.target.closest("form")?.dataset.sent);

  // A part of the page asked after the session had ended: say so, and leave what was typed where it is.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401 || document.getElementById("ended")) return;
    const link = document.createElement("a");
    link.href = `/console/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "Sign in again";
    const note = document.createElement("div");
    note.id = "ended";
    note.className = "note warn";
    note.role = "alert";
    note.append("Your session has ended. ", link, ", or send your form: what you typed is kept, and you are asked to sign in then.");
    document.querySelector("#main .inner")?.prepend(note);
  });

  // What is live is asked for anew while somebody is here: a page that was left open must not keep its session alive.
  const HERE_MS = 5 * 60_000;
  let active = Date.now();
  for (const sign of ["pointerdown", "keydown", "scroll"]) document.addEventListener(sign, () => { active = Date.now(); }, { passive: true });
  setInterval(() => {
    if (document.hidden || Date.now() - active > HERE_MS) return;
    for (const part of document.querySelectorAll("[data-live-part]")) htmx.trigger(part, "refresh");
  }, 5_000);

  // After a refused form the keyboard begins at the first mistake.
  document.querySelector("[aria-invalid='true']")?.focus();
})();
