// Notes, reasons and other fields of their own: what is typed is kept on this device until the desk has taken it, and is there again when
// the page is. Menus stay closed; what is kept stands in them.
const prepareNotes = () => $$('[data-keeps]').forEach((field) => {
  const kept = recall(`keep:${field.dataset.keeps}`);
  if (!kept || kept === field.value || (field.value.trim() && field.value !== field.defaultValue)) return;
  field.value = kept;
  const fold = field.closest('details:not(.menu, .tool)');
  if (fold) fold.open = true;
});
document.addEventListener('input', (event) => {
  const { value, defaultValue, dataset } = event.target;
  if (dataset.keeps) remember(`keep:${dataset.keeps}`, value.trim() && value !== defaultValue ? value : null);
});
// Texts with a form of their own (articles, templates): the desk may have a newer one by now, so what was kept is offered, with the version
// that it was made from.
const prepareTexts = () => {
  const form = $('[data-keeps-all]');
  if (!form || form.dataset.ready) return;
  form.dataset.ready = '1';
  const name = `keep:${form.dataset.keepsAll}`;
  const fields = [...form.elements].filter((field) => field.name && !field.closest('fieldset') && (field.name === 'version' || !['hidden', 'submit'].includes(field.type)));
  const typed = () => JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, field.value])));
  const text = (all) => JSON.stringify({ ...JSON.parse(all), version: '' });
  const base = typed();
  const unsaved = 'unsaved' in form.dataset;
  const kept = recall(name) || recall(`${name}/before`);
  const bar = $('.kept.local', form);
  // An offer that is not answered is not written over: it is offered again.
  const keep = () => {
    if (!bar.hidden) remember(`${name}/before`, kept);
    remember(name, unsaved || text(typed()) !== text(base) ? typed() : null);
  };
  if (unsaved) keep();
  else if (kept && text(kept) !== text(base)) {
    bar.hidden = false;
    $('[data-restore]', bar).addEventListener('click', () => { for (const [field, value] of Object.entries(JSON.parse(kept))) if (form.elements[field]) form.elements[field].value = value; bar.hidden = true; remember(`${name}/before`, null); remember(name, kept); $('#body', form).focus(); });
    $('[data-discard]', bar).addEventListener('click', () => { remember(`${name}/before`, null); bar.hidden = true; remember(name, null); keep(); $('#body', form).focus(); });
  } else if (kept) remember(name, null);
  form.addEventListener('input', keep);
  form.addEventListener('submit', () => { try { sessionStorage.setItem(storeKey('sent'), name); } catch { /* private mode: nothing was kept */ } });
};
// A text that was just taken is kept no longer.
try {
  const sent = sessionStorage.getItem(storeKey('sent'));
  sessionStorage.removeItem(storeKey('sent'));
  if (sent && /[?&]done=(article|template)-/.test(location.search)) localStorage.removeItem(storeKey(sent));
} catch { /* private mode */ }
document.addEventListener('click', (event) => {
  const tell = event.target.closest('[data-mention]');
  if (!tell) return;
  const area = $('textarea', tell.form);
  const at = area.selectionStart;
  const before = area.value.slice(0, at);
  area.setRangeText(`${!before || /\s$/.test(before) ? '' : ' '}@${tell.dataset.mention} `, at, at, 'end');
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.focus();
});
// In a note, Ctrl Enter adds it.
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && event.target.closest('.note-form')) { event.preventDefault(); event.target.form.requestSubmit(); }
});
