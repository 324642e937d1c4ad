// The design editor for those who point: layers chosen, moved and sized in the picture, dragged in the list; undo; pickers.
// Everything it does, the form does without it.
(() => {
  const studio = () => document.getElementById("studio");
  const byId = (id) => document.getElementById(id);
  const told = (field, kind) => field.dispatchEvent(new Event(kind, { bubbles: true }));

  // --- undo: every document that could be drawn, the newest last
  let past = [];
  let future = [];
  let waiting = null; // what to go back to when the answer under way is there
  const present = () => byId("document")?.value;
  const remember = () => {
    const now = present();
    if (now && now !== past[past.length - 1]) {
      past.push(now);
      if (past.length > 100) past.shift();
      future = [];
    }
    buttons();
  };
  const buttons = () => {
    const undo = document.querySelector("[data-undo]");
    const redo = document.querySelector("[data-redo]");
    if (!undo || studio().classList.contains("source")) return;
    undo.hidden = redo.hidden = false;
    undo.disabled = past.length < 2;
    redo.disabled = future.length === 0;
  };
  const restore = (text) => {
    if (studio().classList.contains("htmx-request")) {
      waiting = text;
      return;
    }
    byId("document").value = text;
    byId("restore").click();
  };
  const back = () => {
    if (past.length < 2) return;
    future.push(past.pop());
    restore(past[past.length - 1]);
  };
  const forth = () => {
    const next = future.pop();
    if (next === undefined) return;
    past.push(next);
    restore(next);
  };

  const begin = () => {
    if (!studio()) return;
    for (const picker of document.querySelectorAll("[data-picks]")) picker.hidden = false;
    for (const field of document.querySelectorAll("[data-line]")) atLine(field);
    if (waiting !== null) {
      const text = waiting;
      waiting = null;
      restore(text);
      return;
    }
    remember();
    document.querySelector("#studio .mistake")?.closest(".field")?.querySelector("input, select, textarea")?.focus();
  };

  const atLine = (field) => {
    const lines = field.value.split("\n");
    const line = Math.min(Number(field.dataset.line), lines.length) - 1;
    const start = lines.slice(0, line).join("\n").length + (line ? 1 : 0);
    field.focus();
    field.setSelectionRange(start, start + lines[line].length);
    field.scrollTop = (field.scrollHeight / lines.length) * Math.max(line - 4, 0);
  };

  // --- answers: a refusal is shown in its place; a whole page (the session has ended) is asked for as a page
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, target } = event.detail;
    // A picture that was asked for before the form is renewed knows nothing of what happened since.
    if (target.id === "studio") htmx.trigger("#preview", "htmx:abort");
    if (xhr.status < 400 || !studio()?.contains(target)) return;
    const part = target.id === "studio" ? xhr.responseText.includes('id="studio"') : xhr.responseText.includes('id="slot-');
    if (part) event.detail.shouldSwap = true;
    else if (xhr.status !== 429 && target.id === "studio") {
      const change = document.createElement("input");
      change.type = "hidden";
      change.name = "change";
      change.value = event.detail.requestConfig.parameters.change ?? "preview";
      target.append(change);
      target.submit();
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "studio") begin();
    else if (event.target.id === "preview") {
      const drawn = event.target.querySelector("[data-becomes]");
      if (drawn) byId(drawn.dataset.becomes).value = drawn.value;
      remember();
    }
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const slot = event.target;
    if (!slot.id?.startsWith("slot-")) return;
    const field = byId(`f-${slot.id.slice(5)}`);
    if (slot.firstElementChild) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  });

  // --- the form
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!studio()?.contains(field)) return;
    if (field.dataset.sends && field.files.length) byId(field.dataset.sends).click();
    if ("adds" in field.dataset && field.files.length) {
      byId("add").value = "picture";
      byId("add-layer").click();
    }
    if ("renews" in field.dataset) byId("look").click();
  });
  document.addEventListener("input", (event) => {
    const picker = event.target.closest?.("[data-picks]");
    if (!picker) return;
    const field = byId(picker.dataset.picks);
    field.value = picker.value;
    picker.parentElement.querySelector("rect").setAttribute("fill", picker.value);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-undo]")) back();
    if (event.target.closest("[data-redo]")) forth();
    const button = event.target.closest("[data-inserts]");
    const words = button && document.querySelector("#studio textarea[name^='content']");
    if (words) {
      event.preventDefault();
      words.setRangeText(`[${byId(button.dataset.inserts).value}]`, words.selectionStart, words.selectionEnd, "end");
      words.focus();
      told(words, "input");
    }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (!studio() || typing || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) forth();
    else back();
  });

  // --- in the picture
  let held = null;
  const number = (id) => Number(byId(id)?.value) || 0;
  const rounded = (value) => Math.round(value * 10) / 10;
  document.addEventListener("pointerdown", (event) => {
    const box = event.target.closest?.(".handles [data-layer], .handles [data-held], .handles [data-grip]");
    if (!box || event.button !== 0 || studio().classList.contains("source")) return;
    const grip = "grip" in box.dataset;
    if ("layer" in box.dataset) {
      choose(box);
      return;
    }
    event.preventDefault();
    const picture = box.ownerSVGElement;
    const scale = picture.viewBox.baseVal.width / picture.getBoundingClientRect().width;
    const [from, to] = grip ? ["width", "height"] : ["x", "y"];
    const turned = "mirrored" in picture.dataset ? -1 : 1;
    held = { grip, scale, turned, from, to, left: event.clientX, top: event.clientY, a: number(`f-${from}`), b: number(`f-${to}`) };
    held.marks = picture.querySelectorAll(".open");
    picture.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const low = held.grip ? 1 : -5000;
    held.c = rounded(Math.max(held.a + (event.clientX - held.left) * held.scale * held.turned, low));
    held.d = rounded(Math.max(held.b + (event.clientY - held.top) * held.scale, low));
    for (const mark of held.marks) {
      const wide = mark.ownerSVGElement.viewBox.baseVal.width - Number(mark.getAttribute("width"));
      mark.setAttribute(held.from, held.turned < 0 ? wide - held.c : held.c);
      mark.setAttribute(held.to, held.d);
    }
  });
  const choose = (box) => byId(`open-${box?.dataset.layer}`)?.click();
  const letGo = () => {
    if (!held) return;
    const { from, to, c, d, grip, left, top } = held;
    held = null;
    if (c === undefined) {
      // Pressed, not moved: what lies there is meant, the topmost.
      if (!grip) choose(document.elementsFromPoint(left, top).find((one) => one.dataset?.layer !== undefined));
      return;
    }
    byId(`f-${from}`).value = c;
    byId(`f-${to}`).value = d;
    told(byId(`f-${from}`), "change");
  };
  document.addEventListener("pointerup", letGo);
  document.addEventListener("pointercancel", letGo);

  // --- in the list
  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-row]");
  });
  document.addEventListener("dragover", (event) => {
    const row = dragged && event.target.closest?.("[data-row]");
    if (!row) return;
    event.preventDefault();
    for (const one of document.querySelectorAll(".layers .over")) one.classList.remove("over");
    row.classList.add("over");
  });
  document.addEventListener("drop", (event) => {
    const row = dragged && event.target.closest?.("[data-row]");
    if (!row) return;
    event.preventDefault();
    const move = byId("move-layer");
    move.value = `move-${dragged.dataset.row}-${row.dataset.row}`;
    dragged = null;
    move.click();
  });

  begin();
})();
