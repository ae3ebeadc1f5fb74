// Two keystrokes at most for anything done daily; ? shows them all.
const single = $('#single-keys');
if (single) {
  single.checked = recall('single-keys') !== 'off';
  single.addEventListener('change', () => remember('single-keys', single.checked ? null : 'off'));
}
const typing = (target) => target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]');
const press = (selector) => { const button = $(selector); if (button && !button.disabled) { button.click(); return true; } return false; };
const openMenu = (selector) => { const menu = $(selector); if (!menu) return false; menu.open = true; $('.card button, .card input:not([type="hidden"])', menu)?.focus(); return true; };

const move = (step) => {
  const links = rowLinks();
  if (!links.length) return;
  const open = !!$('.reader');
  const now = links.findIndex((a) => (open ? a.hasAttribute('aria-current') : a.parentElement.contains(document.activeElement)));
  const next = links[Math.max(0, Math.min(links.length - 1, now < 0 ? 0 : now + step))];
  if (open) { if (next !== links[now]) openRow(next, true); } else { next.focus(); }
};

const keys = {
  j: () => move(1),
  k: () => move(-1),
  e: () => { const fold = $('.reply-fold'); if (fold) fold.open = true; const area = $('#body'); if (area) { area.focus(); area.scrollIntoView({ block: 'nearest' }); } },
  a: () => press('.bar .send'),
  h: () => openMenu('details[data-key="h"]'),
  c: () => openMenu('details[data-key="c"]'),
  s: () => press('[data-key="s"]'),
  '!': () => press('[data-key="!"]'),
  z: () => press('.undo button'),
  x: () => pickRow(false),
  X: () => pickRow(true),
  n: () => { if (!$('.fresh')?.hidden) load($('.fresh').href, { list: true }); },
  u: () => press('.ticket-head .back'),
  '/': () => { const box = $('.tools input[type="search"]'); if (box) { box.focus(); box.select(); } },
  '?': () => $('#keys')?.showModal(),
  1: () => press('[data-draft="1"]'),
  2: () => press('[data-draft="2"]'),
  3: () => press('[data-draft="3"]'),
};

document.addEventListener('keydown', (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const command = event.ctrlKey || event.metaKey;
  if (event.key === 'Escape') {
    if ($('dialog[open]')) return;
    const menu = $('details.menu[open]');
    if (menu) { menu.open = false; $('summary', menu).focus(); } else if (typing(event.target)) { event.target.blur(); $('#main')?.focus({ preventScroll: true }); }
    return;
  }
  if (command && event.key === 'Enter' && event.target.closest('.reply form')) { event.preventDefault(); press('.bar .on'); return; }
  if (command && event.key === 's' && draftForm()) { event.preventDefault(); press('.bar .save'); return; }
  if (command || event.altKey || typing(event.target) || $('dialog[open]') || single?.checked === false) return;
  const act = keys[event.key];
  if (act) { event.preventDefault(); act(); }
});

document.addEventListener('click', (event) => {
  const fresh = event.target.closest('.fresh');
  if (fresh && !event.defaultPrevented && !event.ctrlKey && !event.metaKey) { event.preventDefault(); load(fresh.href, { list: true }); }
});

if (/[?&](done|bulk)=/.test(location.search)) {
  const address = new URL(location.href);
  address.searchParams.delete('done');
  address.searchParams.delete('of');
  address.searchParams.delete('bulk');
  history.replaceState(null, '', address);
}
prepare();
startLive();
awaitParts();
