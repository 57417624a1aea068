/* The hours page: what the week gives clients follows while it is typed. Without script a button asks for it. */
(() => {
  const form = document.getElementById("hours");
  const gives = document.getElementById("gives");
  if (!form || !gives || !window.fetch) return;
  document.body.classList.add("scripted");
  let waiting, asked = 0;
  const look = async () => {
    const number = ++asked;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "look");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("gives");
      if (fresh && number === asked) gives.replaceChildren(...fresh.childNodes);
    } catch (error) {
      /* Offline: what stands there stays, and saving will say so. */
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 400);
  });
  form.addEventListener("change", (event) => {
    const day = event.target.closest(".hr");
    if (!day || event.target.type !== "checkbox" || !event.target.id.endsWith("-on")) return;
    // A tick on a day without hours opens it, with hours to begin from.
    const open = day.querySelector("button[value^='open:']");
    if (event.target.checked && open && !day.querySelector(".rng")) form.requestSubmit(open);
  });
})();
