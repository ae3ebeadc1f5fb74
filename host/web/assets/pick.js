// Choosing tickets: a box in each row; with shift, all from the last one chosen up to here.
const picks = () => $$('.row .pick');
let lastPick = null;
const pick = (box, range) => {
  const all = picks();
  const from = all.findIndex((one) => one.name === lastPick);
  const to = all.indexOf(box);
  if (range && from >= 0) all.slice(Math.min(from, to), Math.max(from, to) + 1).forEach((one) => { one.checked = box.checked; });
  lastPick = box.name;
  countPicks();
};
const pickRow = (range) => {
  const row = document.activeElement?.closest('.row') || $('.row:has(> a[aria-current])');
  const box = row && $('.pick', row);
  if (!box) return;
  box.checked = range || !box.checked;
  pick(box, range);
};
const countPicks = () => {
  const words = $('.bulk .chosen');
  const n = picks().filter((one) => one.checked).length;
  if (words) words.textContent = n ? words.dataset.words.replace('#', n) : '';
};
document.addEventListener('click', (event) => { if (event.target.matches?.('.row .pick')) pick(event.target, event.shiftKey); });
document.addEventListener('reset', (event) => { if (event.target.matches('.bulk')) { lastPick = null; setTimeout(countPicks); } });
