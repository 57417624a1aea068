/* A drawn signature, thinned to a short path. The typed name is enough, with script or without. */
(() => {
  'use strict';
  document.querySelectorAll('[data-draw]').forEach((at) => {
    const canvas = at.querySelector('canvas');
    const kept = at.querySelector('input');
    const pen = canvas.getContext('2d');
    let last = null;
    const tell = () => kept.dispatchEvent(new Event('lt:keep', { bubbles: true }));
    at.hidden = false;
    pen.lineWidth = 4;
    pen.lineCap = 'round';
    pen.strokeStyle = getComputedStyle(canvas).color;
    if (kept.value) pen.stroke(new Path2D(kept.value));
    const where = (e) => {
      const r = canvas.getBoundingClientRect();
      return [Math.round((e.clientX - r.left) * 600 / r.width), Math.round((e.clientY - r.top) * 200 / r.height)]
        .map((n, i) => Math.max(0, Math.min(i ? 200 : 600, n)));
    };
    canvas.addEventListener('pointerdown', (e) => { canvas.setPointerCapture(e.pointerId); last = where(e); kept.value += 'M' + last.join(' '); });
    canvas.addEventListener('pointermove', (e) => {
      const p = where(e);
      if (!last || Math.hypot(p[0] - last[0], p[1] - last[1]) < 12 || kept.value.length > 985) return;
      pen.beginPath(); pen.moveTo(...last); pen.lineTo(...p); pen.stroke();
      last = p;
      kept.value += 'L' + p.join(' ');
    });
    const done = () => { if (last) { last = null; tell(); } };
    canvas.addEventListener('pointerup', done);
    canvas.addEventListener('pointercancel', done);
    at.querySelector('button').addEventListener('click', () => { kept.value = ''; pen.clearRect(0, 0, 600, 200); tell(); });
  });
})();
