// What the public pages do with a script: verification in view, sharing, printing. Everything is reached without it too.
(() => {
  for (const section of document.querySelectorAll("[data-verify]")) {
    const place = section.querySelector("[aria-live]");
    const before = place.innerHTML;
    place.textContent = section.dataset.verifying;
    fetch(section.dataset.verify, { headers: { "x-part": "1" } })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(answer.status)))
      .then((html) => {
        place.innerHTML = html;
      })
      .catch(() => {
        place.innerHTML = before;
      });
  }

  for (const section of document.querySelectorAll("[data-watch]")) {
    const place = section.querySelector("[aria-live]");
    let shown = "";
    const look = () => {
      if (place.querySelector("[data-ended]")) return;
      setTimeout(look, 2500);
      if (document.hidden) return;
      fetch(section.dataset.watch, { headers: { "x-part": "1" } })
        .then((answer) => (answer.ok ? answer.text() : shown))
        .then((html) => {
          if (html !== shown) place.innerHTML = shown = html;
        })
        .catch(() => {}); // the next look may be answered
    };
    look();
  }

  for (const button of document.querySelectorAll("[data-share]")) {
    button.addEventListener("click", async () => {
      const what = { title: button.dataset.title, url: button.dataset.share };
      try {
        if (navigator.share) await navigator.share(what);
        else {
          await navigator.clipboard.writeText(what.url);
          button.lastChild.textContent = button.dataset.copied;
        }
      } catch (failure) {
        if (failure.name !== "AbortError") location.href = what.url;
      }
    });
  }

  for (const form of document.querySelectorAll("[data-drop]")) {
    const field = document.getElementById(form.dataset.drop);
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      field.files = event.dataTransfer.files;
    });
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.classList.remove("hidden");
    button.addEventListener("click", () => print());
  }
})();
