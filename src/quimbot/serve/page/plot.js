// A small line over conversations, as inline SVG; its colours are those of the style sheet.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320;
const HEIGHT = 72;
const EDGE = 8;

function draw(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

/** How well something is known after each of `conversations`; `points` are [conversation, share].
 * Time runs as the language is read. */
export function plot(points, conversations, says) {
  const backwards = document.documentElement.dir === "rtl";
  const last = Math.max(conversations, 2);
  const across = (at) => {
    const x = EDGE + ((at - 1) / (last - 1)) * (WIDTH - 2 * EDGE);
    return backwards ? WIDTH - x : x;
  };
  const up = (share) => HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE);
  const places = points.map(([at, share]) => [across(at), up(share)]);
  const end = [across(Math.max(conversations, 1)), places.at(-1)[1]];
  const path = (all) => `M${all.map((one) => one.map((value) => value.toFixed(1)).join(" ")).join("L")}`;
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": says });
  const floor = HEIGHT - EDGE / 2;
  const ground = [[places[0][0], floor], ...places, end, [end[0], floor]];
  svg.append(
    draw("path", { class: "goal", d: path([[across(1), up(0.95)], [across(last), up(0.95)]]) }),
    draw("path", { class: "under", d: `${path(ground)}Z` }),
    draw("path", { class: "line", d: path([...places, end]) }),
  );
  for (const [x, y] of places) svg.append(draw("circle", { class: "dot", cx: x, cy: y, r: 3 }));
  return svg;
}
