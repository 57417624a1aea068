/* Carrying a session to another time in the calendar. Everything it does, the Move form does without it. */
(() => {
  'use strict';
  const cal = document.querySelector('.cal');
  const form = document.getElementById('desk-drag');
  if (!cal || !form) return;
  const wide = matchMedia('(min-width: 60rem)');
  const STEP = 15;
  const first = Number(cal.dataset.first) * 60;
  const all = Number(cal.dataset.hours) * 60;
  let held = null;

  const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

  // Where the session would begin if it were let go here: a day (and person) and a minute of it.
  const place = (e) => {
    const day = [...cal.querySelectorAll('.cal__day')].find((one) => {
      const box = one.getBoundingClientRect();
      return e.clientX >= box.left && e.clientX < box.right;
    });
    if (!day) return null;
    const grid = day.querySelector('.cal__grid');
    const box = grid.getBoundingClientRect();
    const top = e.clientY - held.grip - box.top;
    const minute = first + Math.round((top / box.height) * all / STEP) * STEP;
    if (minute < first || minute + held.minutes > first + all) return null;
    return { day, grid, minute, at: (minute - first) / 5 };
  };

  const show = (to) => {
    held.ghost?.remove();
    held.ghost = null;
    if (!to) return;
    held.ghost = document.createElement('li');
    held.ghost.className = `drop at-${to.at} for-${Math.max(1, Math.ceil(held.minutes / 5))}`;
    held.ghost.textContent = clock(to.minute);
    to.grid.append(held.ghost);
  };

  const end = () => {
    held?.ghost?.remove();
    held?.item.classList.remove('is-dragged');
    document.documentElement.classList.remove('is-dragging');
    held = null;
  };

  cal.addEventListener('pointerdown', (e) => {
    const item = e.target.closest('[data-booking]');
    if (!item || e.button !== 0 || e.pointerType === 'touch' || !wide.matches) return;
    held = {
      item, x: e.clientX, y: e.clientY, moved: false, ghost: null, to: null,
      grip: e.clientY - item.getBoundingClientRect().top, minutes: Number(item.dataset.minutes),
    };
  });
  addEventListener('pointermove', (e) => {
    if (!held) return;
    if (!held.moved && Math.hypot(e.clientX - held.x, e.clientY - held.y) < 6) return;
    if (!held.moved) {
      held.moved = true;
      held.item.classList.add('is-dragged');
      document.documentElement.classList.add('is-dragging');
    }
    held.to = place(e);
    show(held.to);
  });
  addEventListener('pointerup', () => {
    if (!held?.moved || !held.to) { if (held?.moved) swallow(); end(); return; }
    swallow();
    const { item, to } = held;
    const values = {
      id: item.dataset.booking, seen: item.dataset.seen, practitioner: to.day.dataset.who, day: to.day.dataset.day, time: clock(to.minute),
    };
    Object.entries(values).forEach(([name, value]) => { form.elements[name].value = value; });
    end();
    form.submit();
  });
  addEventListener('keydown', (e) => { if (e.key === 'Escape' && held) { swallow(); end(); } });
  addEventListener('pointercancel', end);
  // A link is no picture to be dragged, and letting go is no click.
  cal.addEventListener('dragstart', (e) => { if (e.target.closest('[data-booking]')) e.preventDefault(); });
  const swallow = () => {
    const stop = (e) => { e.preventDefault(); e.stopPropagation(); };
    addEventListener('click', stop, { capture: true, once: true });
    setTimeout(() => removeEventListener('click', stop, { capture: true }), 0);
  };
})();
