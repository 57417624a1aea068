/* The look, while it is chosen: the two small pages follow the colour. Without this file the button "Try it" does. */
(() => {
  'use strict';
  const text = document.getElementById('brand');
  const place = document.querySelector('[data-pick]');
  const sheet = document.getElementById('try-sheet');
  if (!text || !place || !sheet) return;
  const pick = document.createElement('input');
  pick.type = 'color';
  pick.className = 'set-pick';
  pick.ariaLabel = place.dataset.pick;
  if (/^#[0-9a-f]{6}$/i.test(text.value.trim())) pick.value = text.value.trim().toLowerCase();
  place.replaceWith(pick);
  const heading = () => document.querySelector('[name=heading_style]:checked')?.value || sheet.dataset.heading;
  const show = () => {
    if (!/^#[0-9a-f]{6}$/i.test(text.value.trim())) return;
    const to = new URL(sheet.href);
    to.searchParams.set('brand', text.value.trim().toLowerCase());
    to.searchParams.set('heading', heading());
    if (to.href !== sheet.href) sheet.href = to.href;
  };
  pick.addEventListener('input', () => { text.value = pick.value; later(); });
  text.addEventListener('input', () => { if (/^#[0-9a-f]{6}$/i.test(text.value.trim())) pick.value = text.value.trim().toLowerCase(); later(); });
  document.querySelectorAll('[name=heading_style]').forEach((one) => one.addEventListener('change', show));
  let waiting;
  const later = () => { clearTimeout(waiting); waiting = setTimeout(show, 120); };
})();
