const $ = (selector, root = document) => root.querySelector(selector);
// Marks around what is selected: set, and taken off by the same button. Typed by the browser, so that it can be undone.
const setMark = (mark) => {
  const area = $('#body');
  if (!area || area.readOnly) return;
  const text = area.value;
  let [from, to] = [area.selectionStart, area.selectionEnd];
  const picked = text.slice(from, to);
  let [put, left, right] = [`${mark}${picked}${mark}`, mark.length, mark.length];
  if (mark === '- ') {
    from = text.lastIndexOf('\n', from - 1) + 1;
    const lines = text.slice(from, to).split('\n');
    const all = lines.every((line) => line.startsWith(mark));
    put = lines.map((line) => (all ? line.slice(2) : mark + line)).join('\n');
    left = right = 0;
  } else if (mark === '[') {
    const words = picked || $('[data-words]').dataset.words;
    put = `[${words}](https://)`;
    [left, right] = [words.length + 3, 1];
  } else if (text.slice(0, from).endsWith(mark) && text.startsWith(mark, to)) {
    [from, to, put, left, right] = [from - left, to + left, picked, 0, 0];
  }
  area.focus();
  area.setSelectionRange(from, to);
  if (!document.execCommand('insertText', false, put)) area.setRangeText(put, from, to);
  area.setSelectionRange(from + left, from + put.length - right);
  area.dispatchEvent(new Event('input', { bubbles: true }));
};
document.addEventListener('click', (event) => {
  const mark = event.target.closest('[data-mark]');
  if (mark) setMark(mark.dataset.mark);
  const place = event.target.closest('[data-find]')?.dataset.find;
  const at = place ? $('#body').value.indexOf(place) : -1;
  if (at >= 0) { $('#body').focus(); $('#body').setSelectionRange(at, at + place.length); }
});
// Before all other keys. Where nothing is selected, Ctrl k finds as everywhere else.
document.addEventListener('keydown', (event) => {
  const mark = { b: '**', i: '_', k: '[' }[event.key.toLowerCase()];
  const { target } = event;
  if (!mark || event.altKey || event.shiftKey || !(event.ctrlKey || event.metaKey) || target.id !== 'body') return;
  if (mark === '[' && target.selectionEnd === target.selectionStart) return;
  event.preventDefault();
  setMark(mark);
}, true);
document.addEventListener('toggle', (event) => {
  if (!event.target.matches('.as-mail[open]')) return;
  const frame = $('template', event.target);
  if (frame) frame.replaceWith(frame.content);
  $('button', event.target).click();
}, true);
// Blocks of templates come when they are asked for, and go where the cursor was left: before the closing words where it was never set.
document.addEventListener('toggle', async (event) => {
  const box = event.target.matches('.tool[open]') && $('[data-blocks]', event.target);
  if (!box) return;
  try {
    const response = await fetch(box.dataset.blocks, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
    const blocks = $('.blocks', new DOMParser().parseFromString(await response.text(), 'text/html'));
    if (!blocks) return;
    delete box.dataset.blocks;
    box.replaceChildren(blocks);
    $('button', box)?.focus();
  } catch { /* offline: the link is still there */ }
}, true);
// What a block was filled with is tinted in the editor too.
const tint = (block) => { const { dataset } = $('#body'); dataset.filled = JSON.stringify([...JSON.parse(dataset.filled), ...JSON.parse(block.dataset.filled)]); };
document.addEventListener('click', (event) => {
  const block = event.target.closest('[data-block]');
  const area = block && $('#body');
  if (!area || area.readOnly) return;
  tint(block);
  const text = area.value;
  let [at, to] = [area.selectionStart, area.selectionEnd];
  if (!to) { at = text.trimEnd().lastIndexOf('\n\n'); to = at = at < 0 ? text.length : at; }
  const glue = (near, there) => (!near || there ? '' : '\n\n');
  const put = glue(at, text.slice(0, at).endsWith('\n')) + block.dataset.block + glue(text.length - to, text.startsWith('\n', to));
  area.focus();
  area.setSelectionRange(at, to);
  if (!document.execCommand('insertText', false, put)) area.setRangeText(put, at, to, 'end');
  area.dispatchEvent(new Event('input', { bubbles: true }));
});
document.addEventListener('dragstart', (event) => {
  const block = $('[data-block]', event.target.closest?.('li') ?? document.createElement('i'));
  if (block) { tint(block); event.dataTransfer.setData('text/plain', `\n${block.dataset.block}\n`); }
});
