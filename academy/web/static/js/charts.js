/* Draws charts from the table beside them; without scripts or the library only the table is shown. */

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const font = getComputedStyle(document.body).fontFamily;

function base(label) {
  return {
    animation: false,
    aria: { enabled: true, label: { description: label } },
    color: [colour("--edge"), colour("--fill")],
    textStyle: { fontFamily: font, color: colour("--ink") },
    grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    // On the canvas, because the content security policy forbids inline styles.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true },
  };
}

const line = () => ({ axisLabel: { color: colour("--muted") }, splitLine: { lineStyle: { color: colour("--line") } } });

function curve(rows, heads, label) {
  const points = rows.map((row) => row.dataset.values.split(",").map(Number));
  const series = heads.slice(2).map((name, n) => ({
    name,
    type: "line",
    showSymbol: false,
    step: false,
    lineStyle: { width: 2.5 },
    data: rows.map((row, i) => [row.dataset.day, points[i][n]]),
  }));
  return {
    ...base(label),
    legend: { top: 0, left: 0, textStyle: { color: colour("--ink") } },
    xAxis: { type: "time", ...line(), splitLine: { show: false } },
    yAxis: { type: "value", minInterval: 1, ...line() },
    series,
  };
}

function bars(rows, heads, label) {
  const shown = rows.filter((row) => row.dataset.name).slice(0, 12);
  return {
    ...base(label),
    grid: { left: 8, right: 48, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", max: 100, ...line(), axisLabel: { formatter: "{value}%", color: colour("--muted") } },
    yAxis: { type: "category", inverse: true, data: shown.map((row) => row.dataset.name), axisLabel: { color: colour("--ink") } },
    series: [
      {
        name: heads.at(-1),
        type: "bar",
        barMaxWidth: 18,
        itemStyle: { color: colour("--fill") },
        label: { show: true, position: "right", formatter: "{c}%", color: colour("--ink") },
        data: shown.map((row) => Number(row.dataset.values)),
      },
    ],
  };
}

const makers = { curve, bars };

function draw(figure) {
  const table = document.getElementById(figure.dataset.table);
  const rows = [...table.querySelectorAll("tbody tr")].filter((row) => row.dataset.values);
  if (rows.length < 2) return;
  const heads = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  figure.hidden = false;
  figure.classList.toggle("tall", rows.length > 6);
  const chart = window.echarts.init(figure, null, { renderer: "canvas" });
  chart.setOption(makers[figure.dataset.chart](rows, heads, figure.dataset.label));
  new ResizeObserver(() => chart.resize()).observe(figure);
}

if (window.echarts) for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
