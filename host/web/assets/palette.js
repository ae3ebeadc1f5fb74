// Ctrl K: everything that the page offers, found by its name. It presses the page's own buttons, so it can do nothing that they cannot.
const wordsOf = (element) => {
  const copy = element.cloneNode(true);
  $$('kbd, .n, svg, .thin, .trouble', copy).forEach((part) => part.remove());
  $$('*', copy).forEach((part) => part.append(' '));
  return (element.getAttribute('aria-label') || element.matches('button') && element.title || copy.textContent).replace(/\s+/g, ' ').trim();
};
const commands = () => {
  const found = [];
  const seen = new Set();
  const add = (element, under) => {
    if (element.disabled || element.closest('.hidden, .undo, .own, .mine') || element.hidden || element.value === 'own' || element.dataset.open === 'palette') return;
    const own = wordsOf(element);
    const name = under && own ? `${under}: ${own}` : own;
    if (!own || own === '×' || seen.has(name)) return;
    seen.add(name);
    const key = element.dataset.key ?? (element.matches('summary') ? element.parentElement.dataset.key : '');
    found.push({ name, key: key || '', run: () => { if (element.matches('summary')) { element.closest('#acts')?.classList.add('shown'); element.parentElement.open = true; ($('button, input:not([type="hidden"]), textarea', element.parentElement) ?? element).focus(); element.scrollIntoView({ block: 'nearest' }); } else element.click(); } });
  };
  $$('.reader .bar button, .reader .bar .edit').forEach((e) => add(e));
  $$('#acts details, .meta details, .tools-row details, details.note-new').forEach((menu) => {
    const title = $('summary', menu);
    add(title);
    const under = menu.matches('.meta details') ? title.title : wordsOf(title);
    $$('.card button, .choices button', menu).forEach((e) => add(e, under));
  });
  $$('#acts > form button, .tools-row > button, .drafts nav a, .rail a.place, .tabs a, .rail button').forEach((e) => add(e));
  return found;
};
const openPalette = () => {
  const dialog = $('#palette');
  if (!dialog || dialog.open || $('dialog[open]')) return;
  const field = $('input', dialog);
  const box = $('ul', dialog);
  const status = $('p', dialog);
  const all = commands();
  let shown = [];
  let at = 0;
  $('#acts')?.classList.remove('shown');
  const point = (to) => {
    at = Math.max(-1, Math.min(shown.length - 1, to));
    [...box.children].forEach((li, i) => li.setAttribute('aria-selected', String(i === at)));
    const li = box.children[at];
    if (li) { field.setAttribute('aria-activedescendant', li.id); li.scrollIntoView({ block: 'nearest' }); } else field.removeAttribute('aria-activedescendant');
  };
  const fill = () => {
    const text = field.value.trim();
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const rank = (name) => (name.startsWith(words[0] ?? '') ? 0 : 1);
    shown = all.map((c) => [c, c.name.toLowerCase()]).filter(([, name]) => words.every((w) => name.includes(w))).sort((a, b) => rank(a[1]) - rank(b[1])).map(([c]) => c).slice(0, 40);
    const number = /^#?([1-9]\d{0,14})$/.exec(text)?.[1];
    if (number) shown.unshift({ name: dialog.dataset.openTicket.replace('{}', `#${number}`), key: '', run: () => { location.href = `${team()}/tickets/${number}`; } });
    if (text) shown.push({ name: dialog.dataset.search.replace('{}', text), key: '', run: () => { location.href = `${team()}/tickets?view=all&q=${encodeURIComponent(text)}`; } });
    status.textContent = text && shown.length === 1 && !number ? dialog.dataset.none : '';
    box.replaceChildren(...shown.map((command, i) => {
      const li = document.createElement('li');
      li.id = `palette-${i}`;
      li.setAttribute('role', 'option');
      li.append(command.name);
      if (command.key) { const kbd = document.createElement('kbd'); kbd.textContent = command.key; li.append(kbd); }
      li.addEventListener('click', () => run(i));
      return li;
    }));
    // Nothing is chosen before something is asked for: Enter alone must never send.
    point(text ? 0 : -1);
  };
  const run = (i) => { const command = shown[i]; dialog.close(); command?.run(); };
  field.oninput = fill;
  field.onkeydown = (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); point(Math.max(0, at + step)); } else if (event.key === 'Enter') { event.preventDefault(); if (shown[at]) run(at); }
  };
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  field.value = '';
  dialog.showModal();
  fill();
  field.focus();
};
