// A click chooses one picture; its tick or Ctrl one more; Shift all up to it. The browser sends all
// that is chosen, so that quick clicks cannot overtake each other.
const pressed = button => button.getAttribute('aria-pressed') === 'true';
const all = () => [...element.querySelectorAll('[data-pick]')];
let anchor = null;

function range(buttons, button) {
  const from = buttons.findIndex(one => one.dataset.pick === anchor);
  const to = buttons.indexOf(button);
  const between = buttons.slice(Math.min(from, to), Math.max(from, to) + 1);
  return from < 0 ? [button] : [...between.filter(one => one !== button), button];
}

function choose(button, {more, upTo}) {
  const buttons = all();
  const before = buttons.filter(pressed);
  let chosen;
  if (upTo) {
    const added = range(buttons, button);
    chosen = more ? [...before.filter(one => !added.includes(one)), ...added] : added;
  } else {
    const others = more ? before.filter(other => other !== button) : [];
    const leaves = pressed(button) && (more || before.length === 1);
    chosen = leaves ? others : [...others, button];
    anchor = button.dataset.pick;
  }
  buttons.forEach(one => one.setAttribute('aria-pressed', chosen.includes(one)));
  trigger('click', {chosen: chosen.map(one => Number(one.dataset.pick)), more});
}

element.addEventListener('mousedown', event => {
  if (event.shiftKey && !event.target.closest('textarea')) event.preventDefault();
});
element.addEventListener('click', event => {
  const cell = event.target.closest('.ti-cell');
  if (!cell || event.target.closest('textarea')) return;
  const tick = Boolean(event.target.closest('.ti-tick'));
  // The second click of a double click opens the picture, and takes nothing back.
  if (event.detail > 1 && !tick) return;
  const more = tick || event.ctrlKey || event.metaKey;
  choose(cell.querySelector('[data-pick]'), {more, upTo: event.shiftKey});
});
element.addEventListener('dblclick', event => {
  const button = event.target.closest('[data-pick]');
  if (button) trigger('select', {large: Number(button.dataset.pick)});
});

// What is typed in the grid is told of when the field is left, so that nothing is drawn under it.
element.addEventListener('change', event => {
  const field = event.target.closest('[data-caption]');
  if (!field) return;
  trigger('input', {index: Number(field.dataset.caption), text: field.value});
});

// Ctrl+Enter goes on to the next picture.
function goOn(event) {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  const inGrid = event.target.closest('[data-caption]');
  const inBox = event.target.closest('#captions-caption');
  if (!inGrid && !inBox) return;
  event.preventDefault();
  event.stopPropagation();
  if (inGrid) {
    const fields = [...element.querySelectorAll('[data-caption]')];
    const next = fields[fields.indexOf(inGrid) + 1];
    next ? next.focus() : inGrid.blur();
    return;
  }
  const buttons = all();
  const open = buttons.findIndex(one => one.dataset.pick === anchor && pressed(one));
  const next = buttons[open + 1];
  if (next) {
    buttons.forEach(one => one.setAttribute('aria-pressed', 'false'));
    choose(next, {more: false, upTo: false});
    next.scrollIntoView({block: 'nearest'});
  } else {
    document.querySelector('#captions-after-button:not([disabled])')?.click();
  }
}
document.addEventListener('keydown', goOn, true);

// Known tags are offered while one types.
const FIELDS = '[data-caption], #captions-caption textarea, #captions-text textarea, #captions-text input';
const MOST = 8;
const list = document.createElement('ul');
list.className = 'ti-suggestions';
list.setAttribute('role', 'listbox');
list.hidden = true;
document.body.append(list);
let field = null;
let at = -1;

const known = () =>
  [...document.querySelectorAll('#captions-tags [data-pick]')].map(one => one.dataset.pick);

function part(of) {
  const before = of.value.slice(0, of.selectionStart);
  const start = before.lastIndexOf(',') + 1;
  return {start, typed: before.slice(start).trim().toLowerCase()};
}

function close() {
  list.hidden = true;
  at = -1;
}

function mark(place) {
  at = place;
  [...list.children].forEach((one, index) => one.setAttribute('aria-selected', index === at));
}

function offer(of) {
  const {typed} = part(of);
  const there = new Set(of.value.split(',').map(tag => tag.trim().toLowerCase()));
  const fitting = known().filter(tag => typed && tag.toLowerCase().includes(typed) && !there.has(tag.toLowerCase()));
  fitting.sort((a, b) => b.toLowerCase().startsWith(typed) - a.toLowerCase().startsWith(typed));
  list.replaceChildren(...fitting.slice(0, MOST).map(tag => {
    const item = document.createElement('li');
    item.setAttribute('role', 'option');
    item.textContent = tag;
    return item;
  }));
  field = of;
  list.hidden = !fitting.length;
  const box = of.getBoundingClientRect();
  list.style.left = `${box.left + scrollX}px`;
  list.style.top = `${box.bottom + scrollY}px`;
  list.style.minWidth = `${box.width}px`;
  mark(-1);
}

function take(tag) {
  const {start} = part(field);
  const rest = field.value.slice(field.selectionStart);
  const head = field.value.slice(0, start) + (start ? ' ' : '') + tag;
  field.value = head + rest;
  field.setSelectionRange(head.length, head.length);
  field.dispatchEvent(new Event('input', {bubbles: true}));
  close();
}

document.addEventListener('input', event => {
  if (event.isTrusted && event.target.matches?.(FIELDS)) offer(event.target);
});
document.addEventListener('focusout', close);
list.addEventListener('mousedown', event => {
  event.preventDefault();
  const item = event.target.closest('li');
  if (item) take(item.textContent);
});
document.addEventListener('keydown', event => {
  if (list.hidden || event.target !== field) return;
  const count = list.children.length;
  const moves = {ArrowDown: 1, ArrowUp: -1};
  if (event.key in moves) mark((at + moves[event.key] + count) % count);
  else if (event.key === 'Escape') close();
  else if ((event.key === 'Enter' && !event.ctrlKey && at >= 0) || (event.key === 'Tab' && !event.shiftKey)) {
    take(list.children[Math.max(at, 0)].textContent);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
