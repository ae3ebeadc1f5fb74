// Two keystrokes at most for anything done daily; ? shows them all.
const single = $('#single-keys');
if (single) {
  single.checked = recall('single-keys') !== 'off';
  single.addEventListener('change', () => remember('single-keys', single.checked ? null : 'off'));
}
const typing = (target) => target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]');
const press = (selector) => { const button = $(selector); if (button && !button.disabled) { button.click(); return true; } return false; };
const choosable = '.card button:not(.hidden), .card input:not([type="hidden"]), .choices button, textarea';
const openMenu = (selector) => { const menu = $(selector); if (!menu) return false; closeMenus(menu); menu.open = true; ($(choosable, menu) ?? $('summary', menu)).focus(); menu.scrollIntoView({ block: 'nearest' }); return true; };
const write = () => { const fold = $('.reply-fold'); if (fold) fold.open = true; const area = $('#body'); if (area) { area.focus(); area.scrollIntoView({ block: 'nearest' }); } };
// In an open menu a digit chooses: the first is 1.
const choose = (digit) => { const menu = $('details.menu[open], details.tool[open]'); if (menu && $('[data-blocks]', menu)) return true; const button = menu && $$('.card button:not(.hidden), .choices button', menu)[digit - 1]; if (!button) return false; button.click(); return true; };

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
  e: write,
  r: write,
  a: () => press('.bar .send'),
  A: () => press('.bar .on'),
  q: () => press('.missing [data-ask]:not(.asked)'),
  h: () => openMenu('details[data-key="h"]'),
  c: () => openMenu('details[data-key="c"]'),
  s: () => press('[data-key="s"]'),
  i: () => openMenu('details[data-key="i"]'),
  p: () => openMenu('details[data-key="p"]'),
  b: () => openMenu('details[data-key="b"]'),
  w: () => press('[data-key="w"]'),
  m: () => openMenu('details[data-key="m"]'),
  d: () => openMenu('details[data-key="d"]'),
  o: () => openMenu('details[data-key="o"]'),
  g: () => openMenu('details[data-key="g"]'),
  y: () => openMenu('details[data-key="y"]'),
  f: () => press('[data-key="f"]'),
  t: () => { const field = $('#tag-new'); if (field) { field.focus(); field.scrollIntoView({ block: 'center' }); } },
  '!': () => press('[data-key="!"]'),
  z: () => press('.take-back button') || press('.undo button'),
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
    const menu = $('details.menu[open], details.tool[open]');
    if (menu) { menu.open = false; $('summary', menu).focus(); } else if ($('#acts.shown')) { $('#acts').classList.remove('shown'); $('.bar .dots')?.focus({ preventScroll: true }); } else if (typing(event.target)) { event.target.blur(); $('#main')?.focus({ preventScroll: true }); }
    return;
  }
  if (command && event.key === 'Enter' && event.target.closest('.reply form')) { event.preventDefault(); press('.bar .on'); return; }
  if (command && event.key.toLowerCase() === 'k') { event.preventDefault(); openPalette(); return; }
  if (command && event.key === 's' && draftForm()) { event.preventDefault(); press('.bar .save'); return; }
  if (command || event.altKey || typing(event.target) || $('dialog[open]') || single?.checked === false) return;
  if (/^[1-9]$/.test(event.key) && choose(event.key)) { event.preventDefault(); return; }
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
  address.searchParams.delete('was');
  address.searchParams.delete('bulk');
  history.replaceState(null, '', address);
}
prepare();
startLive();
awaitParts();
