// Repeats at its field what a toast says is wrong with it, and leads there.
const PATIENCE_MS = 3000;
let pressedFrom = null;
const inputOf = block => block.querySelector('input, textarea, button');
const take = said => {
  const field = inputOf(said.parentElement);
  field?.removeAttribute('aria-invalid');
  const told = (field?.getAttribute('aria-describedby') ?? '').split(' ').filter(id => id !== said.id);
  if (told.join('')) field.setAttribute('aria-describedby', told.join(' '));
  said.remove();
};
const takeAll = within => within.querySelectorAll('.ti-field-mistake').forEach(take);
const named = (mistake, kind) =>
  [...mistake.classList].find(name => name.startsWith(`ti-${kind}:`))?.slice(kind.length + 4) ?? '';
const become = async isTrue => {
  const until = performance.now() + PATIENCE_MS;
  while (!isTrue() && performance.now() < until) await new Promise(requestAnimationFrame);
};
// A second press would fold the group again before it has opened.
const unfolding = new Set();
const unfold = head => {
  if (!head || unfolding.has(head)) return;
  unfolding.add(head);
  setTimeout(() => unfolding.delete(head), PATIENCE_MS);
  head.click();
};
const blockOf = async mistake => {
  const field = named(mistake, 'field'), group = named(mistake, 'group');
  if (!document.getElementById(field) && group) {
    unfold(document.querySelector(`#${group} button.label-wrap:not(.open)`));
  }
  await become(() => document.getElementById(field));
  return document.getElementById(field);
};
const mark = (block, text) => {
  takeAll(block);
  const said = document.createElement('p'), field = inputOf(block);
  said.className = 'ti-field-mistake';
  said.id = `${block.id}-mistake`;
  said.textContent = text;
  block.append(said);
  field.setAttribute('aria-invalid', 'true');
  const told = field.getAttribute('aria-describedby');
  field.setAttribute('aria-describedby', told ? `${said.id} ${told}` : said.id);
};
const show = async block => {
  window.trainForm?.clear();
  if (!block.checkVisibility()) {
    unfold(document.querySelector(`.block:has(#${block.id}) button.label-wrap:not(.open)`));
  }
  await become(() => block.checkVisibility());
  block.scrollIntoView({block: 'center'});
  inputOf(block).focus({preventScroll: true});
};
const jumper = () => {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'ti-jump';
  button.textContent = 'Show the field';
  return button;
};
const hear = async () => {
  const found = [...document.querySelectorAll('.ti-mistake:not([data-heard])')];
  if (!found.length) return;
  for (const mistake of found) mistake.dataset.heard = 'yes';
  // An older success is none any more.
  document.querySelectorAll(
    '.toast-body:is(.info, .success) [data-testid=toast-close]').forEach(close => close.click());
  const blocks = [];
  for (const mistake of found.filter(one => named(one, 'field'))) {
    const text = mistake.textContent, block = await blockOf(mistake);
    if (!block) continue;
    mark(block, text);
    mistake.append(' ', jumper());
    blocks.push(block);
  }
  // Who has gone on in the meantime is not called back.
  const now = document.activeElement;
  if (blocks.length && (now === pressedFrom || now === document.body)) show(blocks[0]);
};
new MutationObserver(hear).observe(document.body, {childList: true, subtree: true});
document.addEventListener('click', async event => {
  const jump = event.target.closest('.ti-jump');
  if (jump) {
    event.stopPropagation();
    const block = await blockOf(jump.closest('.ti-mistake'));
    if (!block) return;
    // The field may stand on another tab, of the name with which its id begins.
    const tab = `[role=tab][data-tab-id="${block.id.split('-')[0]}"][aria-selected=false]`;
    document.querySelector(tab)?.click();
    show(block);
  } else if (event.target.closest('button[id$="-button"]:not([role=tab])')) {
    pressedFrom = document.activeElement;
    takeAll(document);
    document.querySelectorAll('.toast-body.error [data-testid=toast-close]')
      .forEach(close => close.click());
  }
}, true);
document.addEventListener('input', event => {
  const block = event.target.closest('.block[id]');
  if (block) takeAll(block);
}, true);
