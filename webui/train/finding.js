// Search over the fields, marks at what was changed, and the way back. The fields of a closed group
// are not drawn, so all is told from the values that the browser keeps, and shown by one style sheet.
const PREFIX = 'train-';
const sheet = document.head.appendChild(document.createElement('style'));
const card = element.closest('#train-settings');
const known = () => {
  const {groups: ids, fields, presets} = JSON.parse(element.querySelector('.ti-find').dataset.known);
  const named = Object.entries(fields).map(([path, [drawn, group, marked, held]]) =>
    [path, {drawn, group: ids[group], marked, held}]);
  return {paths: Object.keys(fields), fields: Object.fromEntries(named), presets};
};
const texts = Object.fromEntries((window.gradio_config?.components ?? [])
  .filter(one => one.props?.elem_id?.startsWith(PREFIX))
  .map(({props}) => [props.elem_id.slice(PREFIX.length), `${props.label ?? ''} ${props.info ?? ''}`]));
const same = (one, other) => JSON.stringify(one ?? '') === JSON.stringify(other ?? '');
// The same text written again would be a change, which is looked at, and so on without end.
const write = (place, text) => { if (place.textContent !== text) place.textContent = text; };
const shown = value => {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  const text = String(value ?? '').replace(/\s+/g, ' ').trim();
  return !text ? 'empty' : text.length > 40 ? `${text.slice(0, 40)}…` : text;
};
let info = known(), query = '', onlyChanged = false, said = '', pending = {}, before = null;
let preset = '', presetBefore = '';
const openedHere = new Set();

const drawn = () => Object.fromEntries(info.paths.map(path => [path, info.fields[path].drawn]));
const values = () => {
  const kept = window.keptTrainForm;
  return {...drawn(), ...(typeof kept === 'string' ? JSON.parse(kept || '{}') : kept)};
};
const held = name => info.presets[name] ?? {};
const usual = (path, name) => path in held(name) ? held(name)[path] : info.fields[path].drawn;

// What a field's mark says, and the value that pressing it gives; null where there is none.
function markOf(path, value, name) {
  const {drawn: standard, marked} = info.fields[path], base = usual(path, name);
  if (!marked) return null;
  const isOfPreset = !same(base, standard);
  if (!same(value, base)) {
    const origin = isOfPreset ? ` (${name})` : '';
    return {kind: 'changed', text: `reset to ${shown(base)}${origin}`, to: base};
  }
  if (!isOfPreset) return null;
  return {kind: 'preset', text: `by ${name}; reset to ${shown(standard)}`, to: standard};
}

function marks() {
  const now = values();
  if (now.preset !== preset) [presetBefore, preset] = [preset, now.preset];
  return Object.fromEntries(
    info.paths.map(path => [path, markOf(path, now[path], now.preset)]).filter(([, mark]) => mark));
}

const fits = (path, marked) => {
  const text = `${texts[path] ?? ''} ${path.replaceAll('_', ' ')}`.toLowerCase();
  return (!onlyChanged || path in marked) && query.split(' ').every(word => text.includes(word));
};

const groups = () => [...new Set(info.paths.map(path => info.fields[path].group).filter(Boolean))];
const inGroup = (group, paths) => paths.filter(path => info.fields[path].group === group);

function rules(marked, hits) {
  const written = [];
  for (const group of groups()) {
    const count = inGroup(group, Object.keys(marked)).length;
    if (count) written.push(`#${group} > button.label-wrap > span:first-child::after {content: " ●\\a0 ${count}"}`);
  }
  if (!query && !onlyChanged) return written.join('\n');
  const hidden = info.paths.filter(path => !hits.includes(path)).flatMap(
    path => [`#${PREFIX}${path}`, `[id^="${PREFIX}${path}-"]`]);
  hidden.push(...groups().filter(group => !inGroup(group, hits).length).map(group => `#${group}`));
  const rowsWithHits = hits.map(path => `#${PREFIX}${path}`).join(',') || '.ti-nothing';
  hidden.push(`#train-settings .ti-row:not(:has(${rowsWithHits}))`);
  written.push(`${hidden.join(',')} {display: none !important}`);
  return written.join('\n');
}

function drawMark(path, mark) {
  const block = document.getElementById(PREFIX + path);
  if (!block) return;
  let button = block.querySelector(':scope > .ti-reset');
  if (!mark) { button?.remove(); return; }
  if (!button) {
    button = block.appendChild(document.createElement('button'));
    button.type = 'button';
  }
  button.className = `ti-reset ti-${mark.kind}`;
  button.dataset.path = path;
  write(button, mark.text);
}

function tell(marked, hits) {
  const changed = Object.values(marked).filter(mark => mark.kind === 'changed').length;
  const find = name => element.querySelector(`[data-find=${name}]`);
  write(find('count'), String(Object.keys(marked).length));
  find('reset').hidden = !changed;
  find('undo').hidden = !before;
  const found = query || onlyChanged ? `${hits.length} of ${info.paths.length} settings. ` : '';
  write(element.querySelector('.ti-found'), found + said);
}

function look() {
  const marked = marks();
  const hits = info.paths.filter(path => fits(path, marked));
  const written = rules(marked, hits);
  write(sheet, written);
  for (const path of info.paths) drawMark(path, marked[path]);
  tell(marked, hits);
  return hits;
}

// Opens the groups that hold a hit, and closes them again when nothing is looked for any more.
function filter() {
  said = '';
  const hits = look(), looks = query || onlyChanged;
  for (const group of groups()) {
    const head = document.querySelector(`#${group} > button.label-wrap`);
    const isOpen = head?.classList.contains('open');
    if (looks && inGroup(group, hits).length && head && !isOpen) {
      openedHere.add(group);
      head.click();
    } else if (!looks && openedHere.delete(group) && isOpen) {
      head.click();
    }
  }
}

// What is cleared is told as if it were typed: the page keeps what is typed.
function type(field, value) {
  if (field.type === 'checkbox') field.checked = value;
  else field.value = value;
  field.dispatchEvent(new Event('input', {bubbles: true}));
}

// Who is led to a field finds it, whatever is looked for.
function clear() {
  openedHere.clear();
  if (query) type(element.querySelector('[type=search]'), '');
  if (onlyChanged) type(element.querySelector('[type=checkbox]'), false);
}

// Gradio writes what `take` returns into the controls, and so tells the form's memory of it.
function apply(changes) {
  if (!Object.keys(changes).length) return;
  before = values();
  pending = changes;
  trigger('click');
}

// A chosen preset sets what it holds; what the one before had set, and still stands, goes back.
function choose(name) {
  if (!(name in info.presets) && name !== 'none') return info.paths.map(() => undefined);
  const now = values(), last = preset === name ? presetBefore : preset, changes = {};
  before = {...now, preset: last};
  for (const path of info.paths.filter(one => one !== 'preset')) {
    const wasSet = path in held(last) && same(now[path], held(last)[path]);
    const to = path in held(name) || wasSet ? usual(path, name) : now[path];
    if (!same(now[path], to)) changes[path] = to;
  }
  said = `${name}: ${Object.keys(changes).length} settings changed.`;
  pending = changes;
  look();
  return take();
}

function take() {
  const taken = info.paths.map(path => path in pending ? pending[path] : undefined);
  pending = {};
  return taken;
}

function differing(wanted) {
  const now = values();
  return Object.fromEntries(Object.entries(wanted).filter(
    ([path, value]) => path in info.fields && !same(now[path], value)));
}

element.addEventListener('input', event => {
  if (event.target.type === 'checkbox') onlyChanged = event.target.checked;
  else query = event.target.value.toLowerCase().trim().replace(/\s+/g, ' ');
  filter();
});
element.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || event.target.type !== 'search' || !query) return;
  type(event.target, '');
});
element.addEventListener('click', event => {
  const action = event.target.closest('[data-find]')?.dataset.find;
  if (action === 'undo') {
    const changes = differing(before);
    apply(changes);
    before = null;
    look();
  } else if (action === 'reset') {
    const changed = Object.entries(marks()).filter(([, mark]) => mark.kind === 'changed');
    apply(Object.fromEntries(changed.map(([path, mark]) => [path, mark.to])));
  }
});
card.addEventListener('click', event => {
  const button = event.target.closest('.ti-reset');
  if (!button) return;
  event.preventDefault();
  const {path} = button.dataset, mark = marks()[path];
  if (mark) apply({[path]: mark.to});
});
let isDue = false;
new MutationObserver(() => {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => { isDue = false; look(); });
}).observe(card, {childList: true, subtree: true});
watch('value', () => {
  info = known();
  element.querySelector('[type=search]').value = query;
  element.querySelector('[type=checkbox]').checked = onlyChanged;
  look();
});
window.trainForm = {look, take, choose, clear, values, info: () => info, same};
preset = presetBefore = values().preset;
look();
