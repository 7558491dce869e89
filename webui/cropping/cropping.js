// A box of fixed shape is dragged over the picture, and made larger or smaller at its corner.
const frame = () => element.querySelector('.ti-crop-frame');
let grip = null;

function draw(box) {
  const style = element.querySelector('.ti-crop-box').style;
  ['left', 'top', 'width', 'height'].forEach((side, at) => { style[side] = `${100 * box[at]}%`; });
  frame().dataset.box = JSON.stringify(box);
}

// The box as shares of the picture: left, top, width, height.
const read = () => JSON.parse(frame().dataset.box);
const bound = (value, most) => Math.max(0, Math.min(value, most));

element.addEventListener('pointerdown', event => {
  const box = event.target.closest('.ti-crop-box');
  if (!box) return;
  event.preventDefault();
  frame().setPointerCapture(event.pointerId);
  const resizes = Boolean(event.target.closest('.ti-crop-corner'));
  grip = {x: event.clientX, y: event.clientY, box: read(), resizes};
});
element.addEventListener('pointermove', event => {
  if (!grip) return;
  const area = frame().getBoundingClientRect();
  const dx = (event.clientX - grip.x) / area.width, dy = (event.clientY - grip.y) / area.height;
  const [left, top, width, height] = grip.box;
  if (grip.resizes) {
    const scale = Math.max(0.1, Math.min(1 + dx / width, (1 - left) / width, (1 - top) / height));
    draw([left, top, width * scale, height * scale]);
  } else {
    draw([bound(left + dx, 1 - width), bound(top + dy, 1 - height), width, height]);
  }
});
element.addEventListener('pointerup', () => { grip = null; });
element.addEventListener('keydown', event => {
  const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
  if (!event.target.closest('.ti-crop-box') || !(event.key in moves)) return;
  event.preventDefault();
  const [dx, dy] = moves[event.key].map(one => one * 0.01), [left, top, width, height] = read();
  draw([bound(left + dx, 1 - width), bound(top + dy, 1 - height), width, height]);
});
element.addEventListener('click', event => {
  const action = event.target.closest('[data-action]')?.dataset.action;
  if (action) trigger('click', {action, source: frame().dataset.source, box: read()});
});
watch('value', () => {
  if (!frame()) return;
  draw(read());
  element.scrollIntoView({block: 'nearest'});
});
