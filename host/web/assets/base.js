// The desk works without any of this; with it, nothing reloads and nothing jumps.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const team = () => document.body.dataset.team || '';
const storeKey = (name) => `posthouse:${team()}:${name}`;
const remember = (name, value) => { try { value === null ? localStorage.removeItem(storeKey(name)) : localStorage.setItem(storeKey(name), value); } catch { /* private mode: nothing is kept */ } };
const recall = (name) => { try { return localStorage.getItem(storeKey(name)); } catch { return null; } };

// Menus close when one looks elsewhere.
const closeMenus = (except) => $$('details.menu[open]').forEach((menu) => { if (!menu.contains(except)) menu.open = false; });
document.addEventListener('click', (event) => {
  closeMenus(event.target);
  const opener = event.target.closest('[data-open]');
  if (opener?.dataset.open === 'palette') openPalette();
  else if (opener) document.getElementById(opener.dataset.open).showModal();
});

// Filters apply as soon as they are chosen.
document.addEventListener('change', (event) => {
  if (event.target.closest('.filters')) event.target.form.requestSubmit();
});

// What was typed stays on this device only as long as its owner is signed in here.
document.addEventListener('submit', (event) => {
  if (!event.target.action.endsWith('/sign-out')) return;
  try { Object.keys(localStorage).filter((key) => key.startsWith(storeKey('keep:'))).forEach((key) => localStorage.removeItem(key)); } catch { /* nothing was kept */ }
});
