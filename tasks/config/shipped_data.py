"""Where the data that ships with the code lies: below the package nightdesk, in a source tree by links."""

from importlib.resources import files
from pathlib import Path

_PLACES = {
    "contracts": "data/contracts",
    "labels": "data/labels",
    "samples": "data/samples",
    "deployments": "data/deployments",
    "profiles": "data/deployments/profiles",
}


def folder(name: str) -> Path:
    """Return the folder of shipped data called `contracts`, `labels`, `samples`, `deployments` or `profiles`.

    Raises:
        FileNotFoundError: the installation lacks it.
    """
    place = Path(str(files("nightdesk"))) / _PLACES[name]
    if not place.is_dir():
        raise FileNotFoundError(f"{place}: the installation lacks its {name}; install nightdesk again")
    return place
