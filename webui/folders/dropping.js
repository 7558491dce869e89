// Uploads what is dropped or chosen, in batches, and tells of it when all has arrived.
const BATCH_FILES = 40;
const BATCH_BYTES = 64e6;
let isBusy = false;

const zone = () => element.querySelector('.ti-drop');
const say = text => {
  const line = element.querySelector('.ti-drop-said');
  if (line) line.textContent = text;
};
const mb = bytes => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
const ending = name => name.slice(name.lastIndexOf('.')).toLowerCase();

function readAll(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function walk(entry, path, found, most) {
  if (found.length > most || entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({file, name: path + file.name});
    return;
  }
  const reader = entry.createReader();
  for (let some = await readAll(reader); some.length; some = await readAll(reader)) {
    for (const below of some) await walk(below, `${path}${entry.name}/`, found, most);
  }
}

function send(batch, sent, total) {
  return new Promise((resolve, reject) => {
    const data = new FormData();
    batch.forEach(({file}) => data.append('files', file));
    const request = new XMLHttpRequest();
    request.open('POST', 'gradio_api/upload');
    request.upload.onprogress = event => {
      const done = Math.min(sent + event.loaded, total);
      say(`Uploading: ${mb(done)} of ${mb(total)}`);
      zone()?.style.setProperty('--done', `${(100 * done) / total}%`);
    };
    request.onload = () =>
      request.status === 200
        ? resolve(JSON.parse(request.responseText))
        : reject(new Error(`The server refused the files (${request.status}).`));
    request.onerror = () => reject(new Error('The server cannot be reached; nothing was added.'));
    request.send(data);
  });
}

function* batches(files) {
  let batch = [], size = 0;
  for (const one of files) {
    if (batch.length === BATCH_FILES || (batch.length && size + one.file.size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(one);
    size += one.file.size;
  }
  if (batch.length) yield batch;
}

function refusal(all, wanted, limits) {
  if (all.length > limits.files) {
    return `There are more than ${limits.files.toLocaleString('en')} files; add them in smaller parts.`;
  }
  const large = wanted.find(({file}) => file.size > limits.bytes);
  if (large) return `${large.name} is larger than ${mb(limits.bytes)}; make it smaller first.`;
  return wanted.length ? '' : 'There is no picture and no zip among the files.';
}

async function take(all) {
  const data = zone().dataset;
  const limits = {files: Number(data.mostFiles), bytes: Number(data.mostBytes)};
  const endings = new Set([...data.endings.split(' '), '.zip', '.txt']);
  const wanted = all.filter(({name}) => endings.has(ending(name)));
  const problem = refusal(all, wanted, limits);
  if (problem) return say(problem);
  const total = wanted.reduce((sum, {file}) => sum + file.size, 0) || 1;
  const files = [];
  let sent = 0;
  for (const batch of batches(wanted)) {
    const paths = await send(batch, sent, total);
    paths.forEach((path, at) => files.push([path, batch[at].name]));
    sent += batch.reduce((sum, {file}) => sum + file.size, 0);
  }
  say('Reading the files …');
  trigger('upload', {files, set: element.querySelector('.ti-drop-name').value});
}

async function handle(collect) {
  if (isBusy) return;
  isBusy = true;
  try {
    await take(await collect());
  } catch (error) {
    say(error.message || 'The files cannot be read.');
  } finally {
    isBusy = false;
  }
}

element.addEventListener('dragover', event => {
  event.preventDefault();
  zone()?.classList.add('ti-over');
});
element.addEventListener('dragleave', () => zone()?.classList.remove('ti-over'));
element.addEventListener('drop', event => {
  event.preventDefault();
  zone()?.classList.remove('ti-over');
  const entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry?.());
  const plain = [...event.dataTransfer.files].map(file => ({file, name: file.name}));
  handle(async () => {
    if (!entries.length || entries.some(entry => !entry)) return plain;
    const found = [];
    for (const entry of entries) await walk(entry, '', found, Number(zone().dataset.mostFiles));
    return found;
  });
});
element.addEventListener('change', event => {
  if (event.target.type !== 'file') return;
  const files = [...event.target.files].map(file => ({
    file, name: file.webkitRelativePath || file.name,
  }));
  event.target.value = '';
  if (files.length) handle(async () => files);
});
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.choose) element.querySelector(`input[data-for=${button.dataset.choose}]`).click();
  if (button.dataset.action) {
    trigger('click', {action: button.dataset.action, value: button.dataset.value ?? ''});
  }
});
