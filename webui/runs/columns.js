// Which columns are shown is kept in this browser; a rule hides the others, however often the table
// is drawn anew.
const KEY = 'textual-inversion-runs-columns';
const rules = document.createElement('style');
document.head.append(rules);

function hidden() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return new Set(Array.isArray(kept) ? kept : []);
  } catch {
    return new Set();
  }
}

function show() {
  const off = hidden();
  rules.textContent = [...off].map(
    column => `#runs-table [data-column="${CSS.escape(column)}"] { display: none; }`).join('\n');
  for (const box of element.querySelectorAll('input[data-shows]')) {
    box.checked = !off.has(box.dataset.shows);
  }
}

element.addEventListener('change', event => {
  const box = event.target.closest('input[data-shows]');
  if (!box) return;
  const off = hidden();
  if (box.checked) off.delete(box.dataset.shows);
  else off.add(box.dataset.shows);
  localStorage.setItem(KEY, JSON.stringify([...off]));
  show();
});
watch('value', show);
show();
