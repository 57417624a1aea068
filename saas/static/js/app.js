/* Everything works without this file. It only makes a few moments kinder. */
(() => {
  'use strict';
  const wide = matchMedia('(min-width: 60rem)');

  // After a failed submit the summary takes the focus (WCAG 3.3.1).
  document.querySelector('.errsum')?.focus();

  // A double tap must not book twice. A page that comes back from the cache can be sent again.
  document.addEventListener('submit', (e) => {
    const form = e.target;
    if (!form.hasAttribute('data-once')) return;
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = '1';
    form.setAttribute('aria-busy', 'true');
    setTimeout(() => free(form), 8000);
  });
  const free = (form) => { delete form.dataset.sent; form.removeAttribute('aria-busy'); };
  addEventListener('pageshow', () => document.querySelectorAll('[data-sent]').forEach(free));

  // Offer the visitor's own time zone; never switch to it silently: sessions are in person.
  const tz = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const clinic = document.querySelector('[data-clinic-tz]');
  const offer = clinic?.querySelector('[data-tz-offer]');
  if (offer && tz && tz.includes('/') && tz !== clinic.dataset.clinicTz) {
    const link = offer.querySelector('a');
    const to = new URL(link.href);
    to.searchParams.set('tz', tz);
    link.href = to;
    offer.querySelector('b').replaceWith(tz.split('/').pop().replace(/_/g, ' '));
    offer.hidden = false;
  }

  // Choosing a day keeps the place on the page, and the focus, where times stand beside the days.
  // On a phone they stand below: there the fragment in the address leads to them.
  const key = 'lt-keep';
  try {
    document.addEventListener('click', (e) => {
      const link = e.target.closest('a[data-keep]');
      if (!link || !wide.matches || parent !== window) return; // in a frame nothing is stored
      sessionStorage.setItem(key, JSON.stringify([location.pathname, link.id, scrollY]));
      link.hash = '';
    });
    const [path, id, y] = parent !== window ? [] : JSON.parse(sessionStorage.getItem(key) || '[]');
    if (path) sessionStorage.removeItem(key);
    if (path === location.pathname && !document.querySelector('.errsum')) {
      document.getElementById(id)?.focus({ preventScroll: true });
      scrollTo({ top: y, behavior: 'instant' });
    }
  } catch { /* storage may be refused: then the fragment does what it can */ }

  // While a payment is being confirmed: ask every three seconds, for two minutes.
  const wait = document.querySelector('[data-poll]');
  if (wait) {
    let left = 40;
    const ask = async () => {
      try {
        const answer = await fetch(wait.dataset.poll, { cache: 'no-store', credentials: 'omit' });
        const text = await answer.text();
        if (answer.ok && !/state"?\s*[:=]\s*"pending"/.test(text)) { location.replace(wait.dataset.self); return; }
      } catch { /* offline for a moment: ask again */ }
      if (--left) setTimeout(ask, 3000);
    };
    setTimeout(ask, 3000);
  }
})();
