"""Where the data that ships with the code lies: in the source tree, or inside an installed wheel."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PLACES = {
    "contracts": (_ROOT / "datasets" / "contracts", _ROOT / "nightdesk_data" / "contracts"),
    "labels": (_ROOT / "datasets" / "labels", _ROOT / "nightdesk_data" / "labels"),
    "profiles": (_ROOT / "deployments" / "profiles", _ROOT / "nightdesk_data" / "profiles"),
}


def folder(name: str) -> Path:
    """Return the folder of shipped data called `contracts`, `labels` or `profiles`.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    for place in _PLACES[name]:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{_PLACES[name][0]}: the installation lacks its {name}; install nightdesk again")
