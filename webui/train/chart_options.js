// Smooths the loss chart as the slider says, and draws another run into it. The chart is written
// anew with every step, so each new one is drawn over before it is seen.
const SVG = 'http://www.w3.org/2000/svg';
const slider = () => element.querySelector('input');
const select = () => element.querySelector('select');
const usual = Number(slider().value);
let memory = usual, other = null;

// As `smoothed` of textual_inversion/runs/downsampling.py: older values weigh less, without a bias at first.
function smoothed(points) {
  let total = 0, weight = 0;
  return points.map(([step, value]) => {
    total = memory * total + (1 - memory) * value;
    weight = memory * weight + (1 - memory);
    return [step, total / weight];
  });
}

function path(points, [left, right, low, high]) {
  const x = step => 1000 * (step - left) / (right - left || 1);
  const y = value => 300 * (1 - (value - low) / (high - low || 1));
  return points.length ? `M${points.map(([step, value]) => `${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}` : '';
}

function line(svg, style, d) {
  const made = svg.querySelector(`.ti-${style}`) ?? svg.appendChild(document.createElementNS(SVG, 'path'));
  made.setAttribute('class', `ti-${style}`);
  made.setAttribute('d', d);
}

function key(legend, style, text) {
  const made = legend.querySelector(`.ti-key-${style}`) ?? legend.appendChild(document.createElement('span'));
  made.className = `ti-key-${style}`;
  if (made.textContent !== text) made.textContent = text;
}

function draw() {
  const chart = document.querySelector('#train-loss-chart .ti-chart[data-curves]');
  if (!chart) return;
  const {axes, points} = JSON.parse(chart.dataset.curves);
  const svg = chart.querySelector('.ti-plot svg'), legend = chart.querySelector('.ti-legend');
  const means = smoothed(points);
  line(svg, 'smooth', path(means, axes));
  key(legend, 'smooth', `smoothed, now ${means[means.length - 1][1].toFixed(4)}`);
  if (!other) {
    chart.querySelectorAll('.ti-overlay, .ti-overlay-fixed, .ti-key-overlay').forEach(one => one.remove());
    return;
  }
  line(svg, 'overlay', path(smoothed(other.points), axes));
  line(svg, 'overlay-fixed', path(other.fixed, axes));
  key(legend, 'overlay', other.name);
}

element.addEventListener('input', event => {
  if (event.target.type !== 'range') return;
  memory = Number(event.target.value);
  draw();
});
element.addEventListener('change', event => {
  if (event.target !== select()) return;
  if (event.target.value) trigger('select', {run: event.target.value});
  else { other = null; draw(); }
});
watch('value', () => {
  const {curves} = element.querySelector('.ti-chart-options').dataset;
  if (curves) other = JSON.parse(curves);
  slider().value = memory;
  if (other && ![...select().options].some(one => one.value === other.name)) other = null;
  select().value = other?.name ?? '';
  draw();
});
new MutationObserver(() => {
  const chart = document.querySelector('#train-loss-chart .ti-chart');
  if (!chart || chart.dataset.seen || (memory === usual && !other)) return;
  chart.dataset.seen = 'yes';
  draw();
}).observe(document.querySelector('#train-loss-chart'), {childList: true, subtree: true});
