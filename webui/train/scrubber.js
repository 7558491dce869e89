// One preview is shown, or two beside a line that is dragged. What was chosen stays when a new
// preview comes; who looks at the newest step goes on with it.
const chosen = {step: null, prompt: 0, image: 0, other: null, line: 50};
const find = selector => element.querySelector(selector);
let known = null, run = '', filmAt = 0;

const at = place => known.prompts[chosen.prompt]?.at[place]?.[chosen.image] ?? null;
const beside = () => known.prompts[chosen.prompt]?.beside[chosen.image] ?? null;
const newest = () => known.steps[known.steps.length - 1];
const step = () => known.steps.includes(chosen.step) ? chosen.step : newest();
// Until somebody chooses, what is drawn without the learned vectors stands beside.
const other = () => chosen.other ?? (known.beside ? 'beside' : '');
const otherOf = name => name === 'beside' ? beside() : name ? at(Number(name)) : null;

function option(select, value, text) {
  const made = document.createElement('option');
  made.value = value;
  made.textContent = text;
  select.append(made);
}

function put(image, urls, alt) {
  image.hidden = !urls;
  if (urls && image.getAttribute('src') !== urls[0]) image.src = urls[0];
  image.alt = urls ? alt : '';
}

function draw() {
  if (!known.steps.length) return;
  const prompt = known.prompts[chosen.prompt].text, one = at(step());
  const name = other() === 'beside' ? known.beside : `step ${other()}`, two = otherOf(other());
  put(find('.ti-one'), one, `${prompt}, step ${step()}`);
  put(find('.ti-other'), two, `${prompt}, ${name}`);
  for (const part of ['.ti-divider', '.ti-divide']) find(part).hidden = !two;
  find('.ti-stage').style.setProperty('--line', `${chosen.line}%`);
  find('.ti-divide').value = chosen.line;
  find('.ti-scrub-said').textContent =
    two ? `${prompt}: ${name} left of the line, step ${step()} right of it` : `${prompt}: step ${step()}`;
  const slider = find('.ti-scrub-step input');
  slider.max = known.steps.length - 1;
  slider.value = known.steps.indexOf(step());
  slider.setAttribute('aria-valuetext', `step ${step()}`);
  find('output').textContent = step();
  find('.ti-open').hidden = !one;
  if (one) find('.ti-open').href = one[0];
  for (const button of element.querySelectorAll('.ti-film button')) {
    const {prompt: row, image, step: column} = button.dataset;
    const isShown = Number(row) === chosen.prompt && Number(image) === chosen.image
      && column === String(step());
    button.setAttribute('aria-pressed', isShown);
  }
}

function frame(prompt, image, column, urls, caption) {
  const button = document.createElement('button'), picture = document.createElement('img');
  button.type = 'button';
  Object.assign(button.dataset, {prompt, image, step: column});
  picture.loading = 'lazy';
  picture.src = urls[1];
  picture.alt = '';
  button.append(picture, caption);
  return button;
}

function drawFilm() {
  const film = find('.ti-film');
  known.prompts.forEach(({at: steps, beside: first}, prompt) => {
    const most = Math.max(0, ...known.steps.map(one => steps[one].length));
    for (let image = 0; image < most; image += 1) {
      const row = document.createElement('div');
      if (first[image]) row.append(frame(prompt, image, 'beside', first[image], known.beside));
      for (const one of known.steps) {
        if (steps[one][image]) row.append(frame(prompt, image, one, steps[one][image], one));
      }
      film.append(row);
    }
  });
  film.scrollLeft = chosen.step === null ? film.scrollWidth : filmAt;
}

function start() {
  const focused = document.activeElement === document.body ? start.last : null;
  known = JSON.parse(find('.ti-scrub').dataset.known);
  if (known.run !== run) {
    run = known.run;
    Object.assign(chosen, {step: null, prompt: 0, image: 0, other: null});
  }
  if (!known.prompts[chosen.prompt]) chosen.prompt = chosen.image = 0;
  const select = find('select');
  option(select, '', 'nothing');
  if (known.beside) option(select, 'beside', known.beside);
  known.steps.forEach(one => option(select, String(one), `step ${one}`));
  if (chosen.other && !otherOf(chosen.other)) chosen.other = null;
  select.value = other();
  drawFilm();
  draw();
  if (focused) find(focused)?.focus({preventScroll: true});
}

element.addEventListener('focusin', event => {
  start.last = ['.ti-divide', '.ti-scrub-step input', 'select'].find(one => event.target.matches(one));
});
element.addEventListener('input', event => {
  if (event.target.matches('.ti-divide')) chosen.line = Number(event.target.value);
  else if (event.target.matches('.ti-scrub-step input')) {
    const one = known.steps[Number(event.target.value)];
    chosen.step = one === newest() ? null : one;
  } else if (event.target.matches('select')) chosen.other = event.target.value;
  draw();
});
element.addEventListener('click', event => {
  const button = event.target.closest('.ti-film button');
  if (!button) return;
  chosen.prompt = Number(button.dataset.prompt);
  chosen.image = Number(button.dataset.image);
  if (button.dataset.step === 'beside') chosen.other = find('select').value = 'beside';
  else chosen.step = Number(button.dataset.step) === newest() ? null : Number(button.dataset.step);
  draw();
});
element.addEventListener('scroll', event => {
  if (event.target.matches('.ti-film')) filmAt = event.target.scrollLeft;
}, true);
watch('value', start);
start();
