# %% [markdown]
# # Judging quality, with confidence
#
# Is the ranking better than what two libraries give in an hour? This page ranks the sample catalogue, judges the lists by
# our own judgements (25 needs, graded 0-3, frozen before anything was tuned), and asks of each difference whether it is
# real or may be luck. The baselines: BM25 alone, one vector of MiniLM a text, and their plain fusion.
#
# 25 needs are few. Expect wide intervals; the larger collections are in `data/quality.md`.

# %%
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from service import charts, ranking
from service.encoders import make_encoder
from service.judging import About, Paths, judge
from service.quality import measuring, sample, writing
from service.quality.measuring import Bench
from service.reference import data_folder, load_places
from service.settings import load_settings

settings, places = load_settings(), load_places()
bench = Bench(make_encoder(settings), places, settings.cache_dir / "quality", date(2026, 11, 22), "notebook")
task = sample.task(data_folder(), places)
folder = TemporaryDirectory()
run = Path(folder.name) / "shortlists.jsonl"

# %% [markdown]
# ## Rank, as `matcher match --format jsonl` does
#
# Whole shortlists rather than a TREC run: they also say tier and probability.

# %%
found = ranking.gather(task.files, places)
matcher = ranking.make_matcher(found, bench.encoder, places, task.as_of)
written = ranking.write(ranking.rank(found, matcher, 100, "jsonl"), run)
print(f"{written.lines} shortlists over {len(found.capabilities)} capabilities")

# %% [markdown]
# ## Judge, beside each baseline
#
# The comparison is paired: both rankings share every bootstrap sample of needs, so that hard needs hurt both.

# %%
about = About.read(Paths(task.files.capabilities, task.files.needs), places, task.as_of)
baselines = measuring.baseline_runs(task, bench)
reports = {name: judge(run, task.qrels, path, about) for name, path in baselines.items()}
report = next(iter(reports.values()))
for name, one in report.measures.items():
    print(f"{name:12}{one.value:.3f}  [{one.low:.3f}, {one.high:.3f}]")

# %%
own = report.measures["nDCG@10"]
rows = [charts.Bar("matcher", own.value, own.low, own.high, f"{own.value:.3f} [{own.low:.3f}, {own.high:.3f}]")]
for name, other in reports.items():
    one = other.baseline.measures["nDCG@10"]
    rows.append(charts.Bar(name, one.value, one.low, one.high, f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]", pale=True))
charts.bars("nDCG@10 on the judged sample", rows)

# %% [markdown]
# Overlapping intervals do not settle it: the paired difference does. A full point is real, an open one may be luck.

# %%
changes = {name: other.baseline.difference["nDCG@10"] for name, other in reports.items()}
charts.differences(
    "Ours minus each baseline, nDCG@10",
    [
        charts.Bar(name, one.value, one.low, one.high, f"{one.value:+.3f} {'real' if one.real else 'not shown'}", not one.real)
        for name, one in changes.items()
    ],
)

# %% [markdown]
# ## Does a score mean what it says?
#
# Only judged pairs count. The scores come from expert weights, not from outcomes: a gap to the dashed line is expected
# until there are labels to fit on, and "relevant" here includes grade 1, "same field".

# %%
calibration = report.calibration
print(f"ECE {calibration.ece.value:.3f}, Brier {calibration.brier.value:.3f}, over {calibration.pairs} judged pairs")
charts.reliability(
    "Observed over predicted", [charts.Point(one.predicted, one.observed, one.pairs) for one in calibration.bins]
)

# %% [markdown]
# ## Who is served
#
# Coverage asks whether each group of countries gets lists at all; exposure, whether a few providers fill them.

# %%
for group, one in report.market.coverage.items():
    print(f"{group:5}{one.needs:4} needs, with a match {one.with_match:.2f}, with tier A {one.with_tier_a:.2f}")
print(f"Gini of exposure {report.market.exposure.gini:.2f}")
for language, part in report.by_language.items():
    print(f"{language:8}{part.needs:3} needs  nDCG@10 {part.measures['nDCG@10'].value:.3f}")

# %% [markdown]
# ## The larger collections
#
# `make quality` measures those that lie beside the checkout, by the same code, and writes the ledger. This is its last state.

# %%
ledger = writing.read(data_folder() / "quality.json")
for entry in ledger.entries if ledger else ():
    differences = ", ".join(
        f"{name} {one.difference['nDCG@10'].value:+.3f}{'' if one.difference['nDCG@10'].real else ' (not shown)'}"
        for name, one in entry.baselines.items()
    )
    print(f"{entry.title:52} {entry.measures['nDCG@10'].value:.3f}  {differences}  [{entry.standing}]")

# %%
folder.cleanup()
