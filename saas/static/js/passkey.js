/* Passkeys need the browser's own dialogue. Forms marked data-passkey are shown only where there is one. */
(() => {
  'use strict';
  if (!window.PublicKeyCredential) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const withIds = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const asked = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user ? { user: { ...options.user, id: bytes(options.user.id) } } : {}),
    ...(options.allowCredentials ? { allowCredentials: withIds(options.allowCredentials) } : {}),
    ...(options.excludeCredentials ? { excludeCredentials: withIds(options.excludeCredentials) } : {}),
  });

  const answered = (made) => {
    const response = { clientDataJSON: text(made.response.clientDataJSON) };
    for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    return JSON.stringify({
      id: made.id, rawId: text(made.rawId), type: made.type, response,
      clientExtensionResults: made.getClientExtensionResults(),
    });
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', async (e) => {
      if (form.elements.answer.value) return;
      e.preventDefault();
      const wrong = form.querySelector('[data-passkey-error]');
      wrong.hidden = true;
      try {
        const publicKey = asked(JSON.parse(form.dataset.options));
        const made = form.dataset.passkey === 'create'
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
        form.elements.answer.value = answered(made);
        form.submit();
      } catch {
        wrong.hidden = false;
      }
    });
  }
})();
