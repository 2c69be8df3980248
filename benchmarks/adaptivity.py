"""Does the policy adapt? The real one beside plain ones, over learners with a known truth.

    python benchmarks/adaptivity.py
    python benchmarks/adaptivity.py --json adaptivity.json --plot docs/design/adaptivity.svg

Every rival meets the same learners with the same luck (`simulated_learners.py`), aims at the same
errors and returns to them at the same dates; only the level of help is theirs. Regret is what a
rival falls short of the best one in a world; the worst over the worlds is what to expect when
nobody knows which world is true. Intervals are a bootstrap over learners.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import vl_convert
from simulated_learners import HELD_OUT, TUNED, Course, Rival, person

from quimbot.pedagogy.levels import Level

WORLDS = {world.name: world for world in (*TUNED, *HELD_OUT)}
SETS = {"tuned": tuple(w.name for w in TUNED), "held out": tuple(w.name for w in HELD_OUT)}
OURS, RANDOM, FIXED, NOTHING = "policy", "random", "best fixed", "pass"
_RESAMPLES = 4000


class Fixed(Rival):
    """Always the same level, named first in its name."""

    def level(self, chosen: Level) -> Level:  # noqa: ARG002 - a rival's signature
        """The one."""
        return Level[self.name.partition(",")[0].upper()]


class Chance(Rival):
    """Any level."""

    def begin(self, seed: int) -> None:
        """Luck of its own for each learner."""
        self.chance = Random(seed + 7)

    def level(self, chosen: Level) -> Level:  # noqa: ARG002
        """One drawn."""
        return Level(self.chance.randint(Level.RECAST, self.cap))


class Thompson(Chance):
    """Thompson sampling of the level, by what its name says: repairs, or the next use.

    For each learner alone, or for everyone, one learner after the other.
    """

    arms: dict[Level, list[float]] | None = None
    """Rights and wrongs of each level, each one more than seen."""

    def begin(self, seed: int) -> None:
        """Forget the last learner, unless everyone counts."""
        super().begin(seed)
        if self.arms is None or "everyone" not in self.name:
            self.arms = {level: [1.0, 1.0] for level in _levels(self.cap)}

    def level(self, chosen: Level) -> Level:  # noqa: ARG002
        """The one with the best draw."""
        arms = self.arms or {}
        return max(arms, key=lambda level: self.chance.betavariate(*arms[level]))

    def repaired(self, level: Level, *, right: bool) -> None:
        """Learn from it, if that is what counts."""
        self._learn(level, right=right, by="repairs")

    def used(self, level: Level, *, right: bool) -> None:
        """Learn from it, if that is what counts."""
        self._learn(level, right=right, by="next use")

    def _learn(self, level: Level, *, right: bool, by: str) -> None:
        if by in self.name and self.arms:
            self.arms[level][not right] += 1


def _levels(cap: Level) -> list[Level]:
    """The levels that help, up to a cap."""
    return [level for level in Level if Level.PASS < level <= cap]


def rivals(cap: Level) -> list[Rival]:
    """Everything that is compared under a cap; the last ones are told, not counted."""
    fixed = [level.name.lower() for level in _levels(cap)]
    asking = [level.name.lower() for level in _levels(cap) if level >= Level.PROMPT]
    return [
        Rival(OURS, cap),
        *(Fixed(name, cap) for name in fixed),
        Chance(RANDOM, cap),
        Thompson("thompson, next use", cap),
        Thompson("thompson, repairs", cap),
        Thompson("thompson, next use of everyone", cap),
        Fixed(NOTHING, cap, revisit=False),
        *(Fixed(f"{name}, in a row", cap, held=False) for name in asking),
        Rival(f"{OURS}, no revisit", cap, revisit=False),
        Fixed("recast, no revisit", cap, revisit=False),
    ]


def counted(name: str) -> bool:
    """Whether it is among those that the best is taken from: it revisits and holds to the rules."""
    return not name.endswith(("no revisit", "in a row")) and name != NOTHING


Job = tuple[str, str, int, int, int]


def cell(job: Job) -> tuple[Job, list[tuple[float, ...]]]:
    """One rival in one world with all learners."""
    world, name, cap, learners, seed = job
    rival = next(each for each in rivals(Level(cap)) if each.name == name)
    people = (person(seed + i) for i in range(learners))
    return job, [astuple(Course(who, WORLDS[world], rival).run()) for who in people]


def run(jobs: Sequence[Job], processes: int) -> dict[Job, np.ndarray]:
    """All cells, with the time left on stderr."""
    start, found = time.monotonic(), {}
    with Pool(processes) as pool:
        for done, (job, rows) in enumerate(pool.imap_unordered(cell, jobs), 1):
            found[job] = np.array(rows)
            left = (time.monotonic() - start) / done * (len(jobs) - done)
            print(f"\r{done} of {len(jobs)} cells, {left:.0f} s left ", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


class Table:
    """Delayed accuracy of the rivals under a cap in a set of worlds, with paired resamples."""

    def __init__(self, found: dict[Job, np.ndarray], cap: int, worlds: Sequence[str]) -> None:
        self.worlds = worlds
        names = dict.fromkeys(job[1] for job in found if job[2] == cap)
        order = [each.name for each in rivals(Level(cap)) if each.name in names]
        cells = {(job[0], job[1]): rows for job, rows in found.items() if job[2] == cap}
        self.rows = {name: np.stack([cells[w, name] for w in worlds]) for name in order}
        self.names = order
        learners = len(next(iter(cells.values())))
        chance = np.random.default_rng(0)
        drawn = chance.multinomial(learners, np.full(learners, 1 / learners), _RESAMPLES)
        weights = np.vstack([np.ones(learners), drawn]) / learners
        later = np.stack([self.rows[name][:, :, 0] for name in order])
        self.means = np.einsum("rl,nwl->rnw", weights, later)
        """Resample, rival, world; the first resample is the sample itself."""
        best = self.means[:, [counted(name) for name in order]].max(axis=1, keepdims=True)
        self.regrets = best - self.means

    def mean(self, name: str) -> np.ndarray:
        """Mean over the worlds, for each resample."""
        return self._pick(self.means.mean(axis=2), name)

    def worst(self, name: str) -> np.ndarray:
        """Worst regret over the worlds, for each resample."""
        return self._pick(self.regrets.max(axis=2), name)

    def fixed(self) -> str:
        """The fixed level that is best on the mean."""
        return self.names[self._fixed()[0]]

    def _fixed(self) -> np.ndarray:
        """Its place in each resample."""
        helping = {level.name.lower() for level in _levels(Level.CLUE)}
        levels = np.array([place for place, name in enumerate(self.names) if name in helping])
        return levels[self.means.mean(axis=2)[:, levels].argmax(axis=1)]

    def _pick(self, of: np.ndarray, name: str) -> np.ndarray:
        places = self._fixed() if name == FIXED else self.names.index(name)
        return of[np.arange(len(of)), places]


def interval(values: np.ndarray) -> dict[str, float]:
    """A value with its 95% interval."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return {"value": float(values[0]), "low": float(low), "high": float(high)}


def summary(table: Table) -> dict[str, Any]:
    """What the JSON holds of a table."""
    rows = {}
    for name in table.names:
        sample = table.rows[name]
        rows[name] = {
            "accuracy": dict(
                zip(table.worlds, table.means[0, table.names.index(name)].tolist(), strict=True)
            ),
            "mean": interval(table.mean(name)),
            "worst_regret": interval(table.worst(name)),
            "asked": float(sample[:, :, 2].mean()),
            "helped": float(sample[:, :, 3].mean()),
            "effect_d": _cohen(sample[:, :, 1], table.rows[NOTHING][:, :, 1]),
        }
    against = {
        rival: {
            "mean": interval(table.mean(OURS) - table.mean(rival)),
            "worst_regret": interval(table.worst(OURS) - table.worst(rival)),
        }
        for rival in [RANDOM, FIXED, *(n for n in table.names if n.startswith("thompson"))]
    }
    return {
        "worlds": list(table.worlds),
        "best_fixed": table.fixed(),
        "rows": rows,
        "policy_minus": against,
    }


def _cohen(taught: np.ndarray, untaught: np.ndarray) -> float:
    """Cohen's d right after the last session against no feedback, averaged over worlds."""
    gain = taught.mean(axis=1) - untaught.mean(axis=1)
    spread = np.sqrt((taught.var(axis=1) + untaught.var(axis=1)) / 2)
    return float((gain / spread).mean())


def tell(title: str, found: dict[str, Any]) -> None:
    """One table on the terminal."""
    print(f"\n{title}")
    heads = "".join(f"{world:>7}" for world in found["worlds"])
    print(f"{'':30}{heads}   mean  worst regret (95%)     asks  helps     d")
    for name, row in found["rows"].items():
        cells = "".join(f"{value:7.3f}" for value in row["accuracy"].values())
        worst = row["worst_regret"]
        print(
            f"{name:30}{cells}  {row['mean']['value']:.3f}"
            f"  {worst['value']:.3f} ({worst['low']:.3f} to {worst['high']:.3f})"
            f"  {row['asked']:5.1%}  {row['helped']:5.1%}  {row['effect_d']:4.2f}"
        )
    for rival, by in found["policy_minus"].items():
        name = f"{rival} ({found['best_fixed']})" if rival == FIXED else rival
        mean, worst = (_signed(by[key]) for key in ("mean", "worst_regret"))
        print(f"  policy minus {name}: mean {mean}, worst regret {worst}")


def _signed(of: dict[str, float]) -> str:
    return f"{of['value']:+.4f} ({of['low']:+.4f} to {of['high']:+.4f})"


def plot(results: dict[str, dict[str, Any]]) -> str:
    """Worst regret of each rival with its interval, one panel a cap, as SVG."""
    values = [
        {"rival": name, "cap": title.split(", ")[0], "worlds": title.split(", ")[1]}
        | row["worst_regret"]
        for title, found in results.items()
        for name, row in found["rows"].items()
        if counted(name)
    ]
    order = list(dict.fromkeys(each["rival"] for each in values))
    panels = [
        _panel(cap, order, labelled=place == 0)
        for place, cap in enumerate(dict.fromkeys(each["cap"] for each in values))
    ]
    legend = {"orient": "bottom", "title": None, "symbolOpacity": 1}
    config = {"font": "sans-serif", "view": {"stroke": None}, "legend": legend}
    spec = {"background": "white", "data": {"values": values}, "hconcat": panels, "config": config}
    return vl_convert.vegalite_to_svg(spec, vl_version="6.4")


def _panel(cap: str, order: Sequence[str], *, labelled: bool) -> dict[str, Any]:
    look = {"labels": labelled, "ticks": False, "domain": False, "labelLimit": 250}
    axis = {"format": "%", "tickCount": 5, "domain": False}
    x = {"type": "quantitative", "title": "worst regret, points of accuracy", "axis": axis}
    colours = {"domain": ["tuned", "held out"], "range": ["#0b6e99", "#b35900"]}
    shared = {
        "y": {"field": "rival", "type": "nominal", "title": None, "axis": look}
        | {"scale": {"domain": order}},
        "yOffset": {"field": "worlds", "scale": {"domain": colours["domain"]}},
        "color": {"field": "worlds", "scale": colours},
    }
    ends = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    dot = {"type": "point", "filled": True, "size": 40, "opacity": 1}
    return {
        "title": cap,
        "width": 240,
        "height": {"step": 10},
        "transform": [{"filter": f"datum.cap == '{cap}'"}],
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 1.5}, "encoding": {**shared, **ends}},
            {"mark": dot, "encoding": {**shared, "x": {**x, "field": "value"}}},
        ],
    }


def main() -> None:
    """All cells, the tables, and what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="the first learner's; others count on")
    parser.add_argument("--worlds", choices=[*SETS, "all"], default="all")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    sets = {name: worlds for name, worlds in SETS.items() if args.worlds in {name, "all"}}
    caps = (Level.CLUE, Level.FOCUSED)
    jobs = [
        (world, rival.name, int(cap), args.learners, args.seed)
        for cap in caps
        for worlds in sets.values()
        for world in worlds
        for rival in rivals(cap)
    ]
    found = run(jobs, args.processes)
    results = {
        f"cap {cap.name.lower()}, {name}": summary(Table(found, int(cap), worlds))
        for cap in caps
        for name, worlds in sets.items()
    }
    for title, result in results.items():
        tell(f"{title} worlds, {args.learners} learners a cell", result)
    if args.json:
        args.json.write_text(
            json.dumps({"learners": args.learners, "seed": args.seed, "results": results}, indent=1)
            + "\n"
        )
    if args.plot:
        args.plot.write_text(plot(results))


if __name__ == "__main__":
    main()
