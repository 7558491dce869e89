// Names, files and the buttons of presets; the server keeps them.
const form = () => element.querySelector('form');
const send = data => trigger('click', data);
const stem = name => name.replace(/\.json$/i, '');
let purpose = 'save';

function download() {
  const {values, info, same} = window.trainForm, now = values(), {fields, paths} = info();
  const kept = paths.filter(path => fields[path].held && !same(now[path], fields[path].drawn));
  const own = Object.fromEntries(kept.map(path => [path, now[path]]));
  const text = `${JSON.stringify({schema_version: Number(form().dataset.version), ...own}, null, 2)}\n`;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], {type: 'application/json'}));
  link.download = `${now.preset === 'none' ? 'preset' : now.preset}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function ask(what) {
  purpose = what;
  form().hidden = false;
  form().querySelector('input').focus();
}

element.addEventListener('click', event => {
  const act = event.target.closest('[data-preset]')?.dataset.preset;
  if (act === 'save' || act === 'run') ask(act);
  else if (act === 'download') download();
  else if (act === 'upload') element.querySelector('[type=file]').click();
  else if (act === 'delete') send({do: 'delete', name: window.trainForm.values().preset});
});
element.addEventListener('submit', event => {
  event.preventDefault();
  send({do: purpose, name: form().querySelector('input').value});
});
element.addEventListener('change', async event => {
  const [file] = event.target.files ?? [];
  if (!file) return;
  const text = file.size > 200000 ? '' : await file.text();
  send({do: 'upload', name: stem(file.name), text});
});
