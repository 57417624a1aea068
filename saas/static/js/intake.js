/* Keeps each answer as it is given, shows what is asked next, and gives a quick way out. All of it works without. */
(() => {
  'use strict';
  const $ = (s, e = document) => [...e.querySelectorAll(s)];
  const form = document.querySelector('form[data-answers]');

  // Away at once: this page leaves the history too.
  document.addEventListener('click', (e) => {
    const link = e.target.closest('[data-leave]');
    if (!link) return;
    e.preventDefault();
    leaving = true;
    document.body.hidden = true;
    location.replace(link.href);
  });
  let leaving = false;
  if (!form) return;

  const said = document.querySelector('[data-keeping]');
  const say = (what) => { said.textContent = what ? said.dataset[what] : ''; };
  const box = (key) => $('[data-k]', form).find((e) => e.dataset.k === key);
  const values = (key) => {
    const e = box(key);
    if (!e || e.disabled || e.closest('[hidden]')) return [];
    return $('input,textarea,select', e).filter((i) => i.name === key && i.value !== '' &&
      (i.type === 'radio' || i.type === 'checkbox' ? i.checked : true)).map((i) => i.value);
  };

  // ---- what is asked now: the same rules as the server's, in the order of the page
  const OUT = ['declined', 'in-person'];
  const said_to = (id) => {
    const own = values(id);
    return $('[data-k]', form).filter((e) => e.dataset.k.startsWith(id + '@')).reduce((all, e) => all.concat(values(e.dataset.k)), own);
  };
  const holds = (t) => {
    if (typeof t === 'boolean') return t;
    if (t.all) return t.all.every(holds);
    if (t.any) return t.any.some(holds);
    const [q, op, want] = t;
    const v = said_to(q);
    if (op === 'declined') return v.some((x) => OUT.includes(x));
    const out = !v.length || v.some((x) => OUT.includes(x)) || (v.length === 1 && v[0] === 'not-sure');
    if (op === 'unknown') return out;
    const real = v.filter((x) => !OUT.includes(x));
    const same = (x, w) => x === String(w) || (x === 'yes' && w === true) || (x === 'no' && w === false);
    const any = [].concat(want);
    switch (op) {
      case 'answered': return real.some((x) => x !== 'not-sure');
      case '=': return real.some((x) => same(x, want));
      case '!=': return real.some((x) => !same(x, want) && x !== 'not-sure');
      case 'in': case 'has': return real.some((x) => any.some((w) => same(x, w)));
      case '>=': return real.some((x) => (typeof want === 'number' ? +x >= want : x >= want));
      case '<=': return real.some((x) => (typeof want === 'number' ? +x <= want : x <= want));
    }
    return false;
  };
  const look = () => $('[data-when]', form).forEach((e) => {
    const on = holds(JSON.parse(e.dataset.when));
    e.hidden = !on;
    if (e.matches('fieldset')) e.disabled = !on;
  });

  // ---- keeping: one request at a time, what could not go waits and is tried again
  const waiting = new Map();
  let busy = false;
  let later = 0;
  const send = async () => {
    if (busy || !waiting.size) return;
    busy = true;
    const now = new Map(waiting);
    const body = new URLSearchParams({ form_token: form.elements.form_token.value });
    now.forEach((pairs, key) => { body.append('k', key); pairs.forEach(([n, v]) => body.append(n, v)); });
    say('saving');
    try {
      const answer = await fetch(form.dataset.answers, { method: 'POST', body, cache: 'no-store' });
      if (!answer.ok && ![409, 410].includes(answer.status)) throw answer.status;
      const told = await answer.json();
      now.forEach((pairs, key) => { if (waiting.get(key) === pairs) waiting.delete(key); });
      Object.entries(told.kept).forEach(([key, mark]) => {
        const k = box(key)?.querySelector('input[name=k]');
        if (k) k.value = key + '|' + mark;
      });
      now.forEach((_, key) => $('[data-help]', form).filter((h) => h.dataset.help === key).forEach((h) => { h.hidden = !told.help.includes(key); }));
      say(Object.keys(told.faults).length ? 'refused' : 'saved');
      now.forEach((_, key) => again(key));
      busy = false;
      if (waiting.size) send();
    } catch (why) {
      busy = false;
      if (typeof why === 'number' && why < 500 && why !== 429) { waiting.clear(); say('refused'); return; }
      say('offline');
      clearTimeout(later);
      later = setTimeout(send, 4000);
    }
  };
  addEventListener('online', send);
  addEventListener('beforeunload', (e) => { if (waiting.size && !leaving && !form.dataset.sent) e.preventDefault(); });

  // Rows of a repeating group come from the server, once what they repeat is kept.
  const again = async (key) => {
    const rows = $('[data-rows]', form).find((e) => e.dataset.rows === key);
    if (!rows) return;
    const page = new DOMParser().parseFromString(await (await fetch(location.href, { cache: 'no-store' })).text(), 'text/html');
    const fresh = $('[data-rows]', page).find((e) => e.dataset.rows === key);
    if (fresh) { rows.replaceWith(fresh); look(); }
  };

  const keep = (e) => {
    const at = e.closest('[data-k]');
    // A file, and what becomes of it, goes with the page.
    if (!at || $('input[type=file]', at).length) return;
    const key = at.dataset.k;
    const pairs = $('input,textarea', at).filter((i) => i.name !== 'k' && i.name.startsWith(key) &&
      (i.type === 'radio' || i.type === 'checkbox' ? i.checked : true)).map((i) => [i.name, i.value]);
    waiting.set(key, pairs);
  };
  let pause = 0;
  form.addEventListener('input', (e) => {
    const i = e.target;
    if (i.type === 'checkbox' && i.checked) {
      // "None of these" and the ways to say nothing stand alone.
      $('input[type=checkbox]', i.closest('[data-k]')).forEach((o) => {
        if (o !== i && (i.hasAttribute('data-alone') || o.hasAttribute('data-alone')) && (o.name === i.name)) o.checked = false;
      });
    }
    keep(i);
    look();
    clearTimeout(pause);
    pause = setTimeout(send, /^(radio|checkbox)$/.test(i.type) ? 0 : 700);
  });
  form.addEventListener('change', () => { clearTimeout(pause); send(); });
  form.addEventListener('submit', (e) => {
    if (navigator.onLine) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    say('offline');
  }, true);

  form.addEventListener('lt:keep', (e) => { keep(e.target); send(); });
  look();
})();
