/* Longtide on a clinic's own website, v1. Replaces the link in each [data-longtide] by the times it leads to, once
   those have come: where they may not be shown, the link stays. Sets no cookie, and reads nothing of the page. */
(() => {
  'use strict';
  const frames = new Map();
  const place = (box) => {
    let address;
    try { address = new URL(box.dataset.longtide); } catch { return; }
    if (!/^https?:$/.test(address.protocol)) return;
    const frame = document.createElement('iframe');
    frame.src = address.href;
    frame.title = box.dataset.title || 'Choose a session time';
    frame.loading = 'lazy';
    frame.referrerPolicy = 'no-referrer';
    Object.assign(frame.style, { border: '0', inlineSize: '100%', blockSize: '1px', visibility: 'hidden' });
    frames.set(frame, { box, origin: address.origin });
    box.append(frame);
  };
  addEventListener('message', (e) => {
    if (!e.data || e.data.type !== 'longtide:height' || !Number.isFinite(e.data.height)) return;
    for (const [frame, { box, origin }] of frames) {
      if (e.source !== frame.contentWindow || e.origin !== origin) continue;
      frame.style.blockSize = Math.min(Math.max(Math.ceil(e.data.height), 200), 6000) + 'px';
      if (frame.style.visibility) {
        frame.style.visibility = '';
        for (const other of [...box.childNodes]) if (other !== frame) other.remove();
      }
    }
  });
  const start = () => document.querySelectorAll('[data-longtide]').forEach(place);
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start); else start();
})();
