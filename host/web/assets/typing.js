// What is typed is kept on the desk too, a moment after it was typed: another device, a crash and an ended session lose nothing. And
// whoever writes holds the reply, so that two do not answer one mail.
let typingTimer;
let watchTimer;
let keepTyped = () => {};
const startTyping = (form) => {
  clearTimeout(typingTimer);
  clearInterval(watchTimer);
  const names = ['body', 'subject', 'to', 'cc'];
  const now = () => JSON.stringify(names.map((name) => form.elements[name].value));
  const base = JSON.stringify(names.map((name) => form.elements[name].defaultValue));
  const unsaved = 'unsaved' in form.dataset;
  const state = $('.bar .state', form);
  const bar = $('.presence');
  const area = $('#body', form);
  let kept = 'typed' in form.dataset ? base : unsaved ? null : base;
  const dirty = () => unsaved || now() !== base;
  const say = (words, link = false) => {
    state.textContent = words;
    if (!link) return;
    const to = document.createElement('a');
    to.href = location.href;
    to.textContent = words;
    state.replaceChildren(to);
  };
  const held = (name) => {
    if (name) {
      $('span', bar).textContent = (dirty() ? bar.dataset.taken : bar.dataset.now).replace('{}', name);
      $$('.bar .send, .bar .on', form).forEach((button) => { if (!button.disabled) { button.disabled = true; button.dataset.held = ''; } });
    } else $$('.bar [data-held]', form).forEach((button) => { button.disabled = false; delete button.dataset.held; });
    bar.hidden = !name;
    area.readOnly = !!name;
  };
  const keep = async ({ beat = false, last = false } = {}) => {
    if (!form.isConnected || form.dataset.busy) return;
    const text = now();
    if (text === kept && !beat) return;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete('file');
    if (!dirty()) fields.set('same', '1');
    try {
      const response = await fetch(form.dataset.keepAt, { method: 'POST', body: fields, credentials: 'same-origin', keepalive: last && text.length < 20000 });
      if (!form.isConnected) return;
      if (response.ok) {
        kept = text;
        say(dirty() ? state.dataset.kept : '');
        held((await response.json()).writing);
      } else if (response.status === 401) say(state.dataset.signedOut, true);
    } catch { if (form.isConnected) say(state.dataset.offline); }
  };
  keepTyped = keep;
  if (kept === null) typingTimer = setTimeout(keep, 1200);
  form.addEventListener('input', () => { clearTimeout(typingTimer); typingTimer = setTimeout(keep, 1200); });
  watchTimer = setInterval(async () => {
    if (!form.isConnected) { clearInterval(watchTimer); return; }
    if (document.hidden) return;
    if (dirty() && !area.readOnly) { keep({ beat: true }); return; }
    try {
      const response = await fetch(form.dataset.watchAt, { credentials: 'same-origin' });
      if (response.ok && form.isConnected) held((await response.json()).writing);
    } catch { /* offline: the next look may do better */ }
  }, 20000);
};
addEventListener('online', () => keepTyped({ beat: true }));
document.addEventListener('visibilitychange', () => { if (document.hidden) keepTyped({ last: true }); });
document.addEventListener('submit', () => clearTimeout(typingTimer));

// What a colleague had typed goes below what stands there, or in its place where nothing was changed.
document.addEventListener('click', (event) => {
  const use = event.target.closest('[data-use]');
  const area = use && $('#body');
  if (!area) return;
  const text = $('.text', use.parentElement).textContent;
  area.value = area.value === area.defaultValue && !('unsaved' in area.form.dataset) ? text : `${area.value.trimEnd()}\n\n${text}`;
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.focus();
});
