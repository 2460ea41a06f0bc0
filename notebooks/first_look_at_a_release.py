# %% [markdown]
# # First look at a release
#
# A release is what a night published: every need with its shortlist, frozen. This page opens the one that is served,
# looks at how it stands as a whole, and takes one need apart until each point of its score is accounted for.
#
# It reads what `matcher nightly` (or `make demo`) made, in the folder that the settings name; nothing is computed anew.
# Open it as a notebook in an editor that knows `# %%` cells, or turn it into one with jupytext; or run it as it is.

# %%
from service import charts
from service.releases import current_release
from service.settings import load_settings
from service.wire import match_from_json

release = current_release(load_settings().releases_dir)
print(f"release {release.id}: {len(release.needs)} needs, {len(release.capabilities)} capabilities")

# %% [markdown]
# ## The whole
#
# Tier A: every hard gate passes and enough is known. B: passes, with unknowns. C: a near miss. Real profiles are thin, so
# most matches are B. Gini tells how unevenly providers are shown among the ten best: 0 is even.

# %%
metrics = release.metrics
print(f"matches by tier: {metrics['tiers']}, mean coverage {metrics['coverage_mean']:.2f}")
print(f"needs without an eligible capability: {metrics['needs_without_eligible']}")
print(f"exposure of providers: Gini {metrics['exposure']['gini']:.2f}, shown {metrics['exposure']['providers_shown']} "
      f"of {metrics['exposure']['providers']}")

# %%
matches_by_tier = metrics["tiers"]
total = sum(matches_by_tier.values())
shares = [
    charts.Bar(f"tier {tier}", count / total, count / total, count / total, f"{count} matches")
    for tier, count in matches_by_tier.items()
]
charts.bars("Share of matches by tier", shares)

# %% [markdown]
# ## One need
#
# The need whose best match stands highest. Change `need_id` to look at another.

# %%
best = {need.id: release.columns(need.id, ["score"])["score"][:1] for need in release.needs}
need_id = max((name for name in best if best[name]), key=lambda name: best[name][0])
need = release.needs.get(need_id)
matches = [match_from_json(text) for text in release.match_texts(need_id, limit=5)]
print(need.title)
print(need.summary)
for match in matches:
    print(f"{match.rank}. {match.score:.3f} tier {match.tier} coverage {match.coverage:.2f}  {match.capability_title}")

# %% [markdown]
# ## Why the first stands first
#
# The score is a sum, and its addends are the explanation. They start from the base (what is said before anything is known)
# and end at z; the score is its sigmoid. A signal about which nothing is known adds nothing.

# %%
first = matches[0]
steps = [
    (str(one.signal) + ("" if one.value is not None else " (unknown)"), one.points) for one in first.contributions
]
assert abs(first.base + sum(points for _, points in steps) - first.z) < 1e-9
charts.waterfall(f"{need_id} and {first.capability_id}", ("base", first.base), steps, f"z, score {first.score:.3f}")

# %%
for one in first.contributions:
    print(f"{one.points:+.3f}  {one.signal}: {one.evidence}")

# %% [markdown]
# The largest part is the texts. These are the passages that speak most to each other, and the words both use.

# %%
topic = next(one.topic for one in first.contributions if one.topic is not None)
for passage in topic.passages[:1]:
    print(f"need ({passage.need_section}): {passage.need_passage}")
    print(f"offer ({passage.capability_section}): {passage.capability_passage}")
print("words:", ", ".join(term.term for term in topic.terms[:8]))

# %% [markdown]
# ## What is not known, and what rules others out
#
# Gates come before the score. What is unknown keeps a pair on the list and becomes a question to ask.

# %%
for gate in first.gates:
    print(f"{gate.state:8}{gate.gate}: {gate.detail}")
for question in first.open_questions:
    print(f"ask {question.ask}: {question.question} (up to {question.points:+.3f})")
