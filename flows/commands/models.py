"""models: the pool of a profile."""

from flows.commands.options import AsJson, ProfileName
from flows.show import show, show_table


def models(profile: ProfileName = "news", as_json: AsJson = False) -> None:
    """Show the pool of a profile."""
    from tasks.profile import load_profile

    chosen = load_profile(profile)
    rows = [
        {
            "model": m.name,
            "family": m.family,
            "provider": m.provider,
            "judges": m.judges,
            "serves": m.name not in chosen.exclude,
            "prior": m.prior.accuracy,
            "usd_per_million": [m.prices.input, m.prices.cached, m.prices.output],
        }
        for m in chosen.models
    ]
    if as_json:
        return show({"profile": chosen.name, "models": rows}, as_json)
    show_table(f"models of {chosen.name}", rows, tuple(rows[0]))
