() => {
  // A list under the caret: after "<" all names, after two letters of a word those that begin so.
  const PROMPTS = ['generate', 'grid'].flatMap(
    job => [`#${job}-prompt`, `#${job}-negative_prompt`]).join(', ');
  const MOST = 8;
  const BRACKETED = /<([^<>\n]*)$/;
  const WORD = /(?:^|[\s,(\[|:])([^\s,()<>[\]|:]{2,})$/;
  let field = null, matches = [], chosen = 0, start = 0;

  const list = document.createElement('ul');
  list.className = 'ti-completion';
  list.id = 'generate-completion';
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', 'Embeddings');
  list.hidden = true;
  document.body.append(list);

  const embeddings = () =>
    [...document.querySelectorAll('#generate-embedding-names [data-name]')].map(item => item.dataset);

  const close = () => {
    list.hidden = true;
    if (field) for (const name of ['aria-activedescendant', 'aria-controls', 'aria-expanded'])
      field.removeAttribute(name);
    field = null;
  };

  // Where the caret is, found by laying out the same text in a copy of the field.
  const caret = () => {
    const copy = document.createElement('div'), style = getComputedStyle(field);
    for (const name of ['fontFamily', 'fontSize', 'fontWeight', 'letterSpacing', 'lineHeight',
      'paddingTop', 'paddingLeft', 'paddingRight', 'borderTopWidth', 'borderLeftWidth',
      'borderRightWidth', 'boxSizing', 'wordSpacing', 'tabSize']) copy.style[name] = style[name];
    Object.assign(copy.style, {position: 'absolute', visibility: 'hidden', borderStyle: 'solid',
      whiteSpace: 'pre-wrap', overflowWrap: 'break-word', width: `${field.offsetWidth}px`});
    const mark = document.createElement('span');
    mark.textContent = '\u200b';
    copy.append(field.value.slice(0, start), mark);
    document.body.append(copy);
    const at = {left: mark.offsetLeft, top: mark.offsetTop + mark.offsetHeight};
    copy.remove();
    const box = field.getBoundingClientRect();
    return {left: box.left + at.left, top: box.top + at.top - field.scrollTop};
  };

  const place = () => {
    const at = caret(), room = document.documentElement.clientWidth - list.offsetWidth - 8;
    list.style.left = `${Math.max(8, Math.min(at.left, room)) + scrollX}px`;
    list.style.top = `${at.top + 4 + scrollY}px`;
  };

  const draw = () => {
    list.replaceChildren(...matches.map((match, at) => {
      const item = document.createElement('li'), note = document.createElement('small');
      item.id = `generate-completion-${at}`;
      item.dataset.at = at;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', at === chosen);
      item.textContent = match.name;
      note.textContent = match.vectors === '1' ? '1 vector' : `${match.vectors} vectors`;
      item.append(note);
      return item;
    }));
    list.hidden = false;
    field.setAttribute('aria-controls', list.id);
    field.setAttribute('aria-expanded', 'true');
    field.setAttribute('aria-activedescendant', `generate-completion-${chosen}`);
    place();
  };

  const look = target => {
    const before = target.value.slice(0, target.selectionStart);
    const bracketed = BRACKETED.exec(before), word = bracketed || WORD.exec(before);
    if (!word || target.selectionStart !== target.selectionEnd) return close();
    const typed = word[1].toLowerCase();
    const found = embeddings().filter(one => one.name.toLowerCase().startsWith(typed));
    // A bare name that is whole needs no help.
    matches = bracketed ? found : found.filter(one => one.name.toLowerCase() !== typed);
    matches = matches.slice(0, MOST);
    if (!matches.length) return close();
    if (field && field !== target) close();
    field = target;
    chosen = 0;
    start = before.length - word[1].length - (bracketed ? 1 : 0);
    draw();
  };

  const take = at => {
    const target = field, end = target.selectionStart, text = target.value;
    const after = text.slice(end).replace(/^>/, '');
    const name = `<${matches[at].name}>`, begin = text.slice(0, start);
    close();
    target.value = begin + name + after;
    target.selectionStart = target.selectionEnd = begin.length + name.length;
    // The component takes its value from this event, so it also reaches the server.
    target.dispatchEvent(new Event('input', {bubbles: true}));
    close();
    target.focus();
  };

  const KEYS = {
    ArrowDown: () => { chosen = (chosen + 1) % matches.length; draw(); },
    ArrowUp: () => { chosen = (chosen + matches.length - 1) % matches.length; draw(); },
    Enter: () => take(chosen),
    Tab: () => take(chosen),
    Escape: close,
  };
  document.addEventListener('input', event => {
    if (event.isTrusted && event.target.closest(PROMPTS)) look(event.target);
  }, true);
  document.addEventListener('keydown', event => {
    if (list.hidden || event.target !== field || event.isComposing) return;
    if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) return close();
    if (!KEYS[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    KEYS[event.key]();
  }, true);
  list.addEventListener('pointerdown', event => {
    const item = event.target.closest('[data-at]');
    event.preventDefault();
    if (item) take(Number(item.dataset.at));
  });
  document.addEventListener('pointerdown', event => {
    if (!list.hidden && !list.contains(event.target)) close();
  }, true);
  document.addEventListener('focusout', event => { if (event.target === field) close(); }, true);
  addEventListener('resize', () => { if (!list.hidden) place(); });
}
