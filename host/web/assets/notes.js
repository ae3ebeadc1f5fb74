// Notes: what is typed is kept on this device until the desk has taken it; a colleague's name is one click.
const prepareNotes = () => $$('[data-keeps]').forEach((area) => {
  const kept = recall(`keep:${area.dataset.keeps}`);
  if (kept && !area.value.trim()) { area.value = kept; area.closest('details').open = true; }
});
document.addEventListener('input', (event) => {
  const name = event.target.dataset.keeps;
  if (name) remember(`keep:${name}`, event.target.value.trim() ? event.target.value : null);
});
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
