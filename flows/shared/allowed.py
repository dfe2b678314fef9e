"""What a run that comes from the UI may use: which profiles, where it may write, what it may read, whom it may ask.

Whoever can start runs can write anything into parameters, so what is allowed never stands there: it stands in a TOML
file that the environment variable NIGHTDESK_ALLOWED names.

    out = ["out"]                  # folders that runs may write to
    sources = ["wires"]            # what may be read: these, and whatever is below these folders
    hosts = ["feeds.example.org"]  # whose http(s) addresses may be read; * stands for any characters
    [profiles]                     # by name, besides the shipped ones; keys are sent to the hosts that these name
    mine = "/srv/mine.toml"

Paths are relative to the folder in which flows run. Without such a file: ./out, and what is in that folder. Runs by
hand (the command line, a call of the flow) are as free as who starts them.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from nightdesk.flows.shared.parameters import Parameters
from nightdesk.tasks.config.profile import Slug, load_profile, shipped_profiles
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import shown
from nightdesk.tasks.reading.fetching.addresses import is_url
from nightdesk.tasks.reading.fetching.allowed_hosts import ALLOWED, Hosts, host_of
from nightdesk.tasks.reading.found_documents import STDIN

VARIABLE = "NIGHTDESK_ALLOWED"
SERVE_CAN = (
    f"whoever runs `nightdesk serve` allows more by --profile, --out, --sources, or by a file that {VARIABLE} names "
    "when it starts"
)
_LONGEST = 200  # characters of what was asked that a refusal shows
_DATE = "{run_date}"
_ANY_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_WILD = re.compile(r"\{run_date\}|[*?\[]")

P = TypeVar("P", bound=Parameters)


class Allowed(BaseModel):
    """What is allowed; what is not named is not. who: who can change that, for refusals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    out: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    profiles: dict[Slug, str] = {}
    who: str = ""

    @property
    def asked(self) -> Hosts:
        """The hosts that a run may ask for documents."""
        return Hosts(self.hosts, tuple(s for s in self.sources if is_url(s)))

    def profile(self, named: str) -> str:
        """Return what `load_profile` takes for a profile's name, or for its file as it is allowed.

        Raises:
            InputError: it is neither shipped nor allowed.
        """
        if named in self.profiles:
            return self.profiles[named]
        if named in self.profiles.values() or named in shipped_profiles():
            return named
        raise self._refusal("profile", named, [*shipped_profiles(), *self.profiles])

    def check_out(self, out: str) -> None:
        """Raise InputError if this folder is none of those that may be written to."""
        if "\0" in out or _real(out) not in map(_real, self.out):
            raise self._refusal("output folder", out, self.out)

    def check_source(self, source: str) -> None:
        """Raise InputError if a file, folder, glob or address is not below what may be read, or leads out of it."""
        if source in self.sources and source != STDIN:
            return
        if is_url(source):
            if not self.asked.permit(source):
                addresses = [s for s in self.sources if is_url(s)]
                raise self._refusal("address", source, [*addresses, *(f"those of {h}" for h in self.hosts)])
            return
        self._check_below("source", source, [_fixed(s) for s in self.sources if not is_url(s)])

    def check_labelled(self, file: str) -> None:
        """Raise InputError if a labelled document is neither shipped nor below what may be read."""
        roots = [_fixed(s) for s in self.sources if not is_url(s)]
        self._check_below("labelled document", file, [*roots, folder("labels")])

    def _check_below(self, what: str, asked: str, roots: list[Path]) -> None:
        real = [_real(root) for root in roots]
        try:
            below = asked.strip() != STDIN and ".." not in Path(asked).parts
            below = below and all(any(p.is_relative_to(r) for r in real) for p in _leads_to(asked))
        except (OSError, ValueError):  # a name that no file system takes, or no glob
            below = False
        if not below:
            raise self._refusal(what, asked, [f"what is below {root}" for root in roots])

    def _refusal(self, what: str, asked: str, allowed: tuple[str, ...] | list[str]) -> InputError:
        listed = ", ".join(shown(a) for a in allowed) or "none"
        named = " ".join(shown(asked)[:_LONGEST].split())
        return InputError(f"{what} {named!r} is not allowed in a run of a deployment; allowed: {listed}; {self.who}")


def load() -> Allowed:
    """Read what is allowed from the file that NIGHTDESK_ALLOWED names.

    Raises:
        InputError: that file is not there, or it is not such a file.
    """
    file = os.environ.get(VARIABLE, "").strip()
    if not file:
        who = f"whoever runs the worker allows other things in a file that its {VARIABLE} names"
        return Allowed(out=("out",), sources=(".",), who=who)
    try:
        allowed = Allowed.model_validate(tomllib.loads(Path(file).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(f"{VARIABLE}={file}: cannot be read ({e}); have it name what runs may use") from None
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise InputError(f"{VARIABLE}={file}: not TOML: {e}; mend that line") from None
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(str(x) for x in first["loc"])
        raise InputError(
            f"{VARIABLE}={file}: {place}: {first['msg']}; it takes out, sources, hosts, profiles"
        ) from None
    return allowed if allowed.who else allowed.model_copy(update={"who": f"whoever runs the worker changes {file}"})


def check_parameters(parameters: P, allowed: Allowed) -> P:
    """Return the parameters, the profile as `load_profile` takes it.

    Raises:
        InputError: they name something that is not allowed.
    """
    named = dict(parameters)
    for source in named.get("sources", ()):
        allowed.check_source(source)
    for file in named.get("labelled", ()):
        allowed.check_labelled(file)
    if out := named.get("out"):  # none: a folder that is removed in the end
        allowed.check_out(out)
    return parameters.model_copy(update={"profile": allowed.profile(named["profile"])})


async def only_allowed(parameters: P) -> P:
    """Return the parameters of the flow run that this is, checked if it is a deployment's; by hand: as they are.

    What was left empty is as the deployment has it.

    Raises:
        InputError: they name something that is not allowed.
    """
    from prefect import runtime
    from prefect.client.orchestration import get_client

    if runtime.deployment.id is None:
        return parameters
    async with get_client() as client:
        deployment = await client.read_deployment(runtime.deployment.id)
    allowed = load()
    ALLOWED.set(allowed.asked)
    return check_parameters(_filled(parameters, deployment.parameters.get("parameters") or {}), allowed)


def allow_served(file: Path, profile: str, out: Path, sources: list[str]) -> None:
    """Write what runs of a `nightdesk serve` may use, readable for this user only, and name the file to them.

    What the operator's own file allows, if NIGHTDESK_ALLOWED names one already, stays allowed.

    profile, sources: as the deployments are given them.

    Raises:
        InputError: the operator's file is not there, or it is not such a file.
    """
    before = load() if os.environ.get(VARIABLE, "").strip() else Allowed()
    hosts = [host for s in sources if is_url(s) and (host := host_of(s))]
    own = {load_profile(profile).name: profile} if profile.endswith(".toml") else {}
    lists = {
        "out": [*before.out, str(out)],
        "sources": [*before.sources, *sources],
        "hosts": [*before.hosts, *hosts],
    }
    lines = [f"{name} = {_toml(list(dict.fromkeys(values)))}" for name, values in lists.items()]
    lines += [f"who = {_toml(SERVE_CAN)}", "[profiles]"]
    lines += [f"{name} = {_toml(path)}" for name, path in {**before.profiles, **own}.items()]
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        written.write("\n".join(lines) + "\n")
    draft.replace(file)
    os.environ[VARIABLE] = str(file.absolute())


def _toml(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False)  # strings of JSON, and arrays of them, are TOML's too


def _filled(parameters: P, own: Mapping[str, Any]) -> P:
    """Return parameters in which everything that was left empty is as the deployment has it."""
    named = {name: value for name, value in parameters.model_dump(exclude_unset=True).items() if value != []}
    return type(parameters).model_validate({**own, **named})


def _real(path: str | Path) -> Path:
    """Return where a path leads, all links followed."""
    return Path(os.path.realpath(path))


def _fixed(source: str) -> Path:
    """Return what a source names before its first wildcard or {run_date}: a file, or the folder above."""
    if Path(source).exists():
        return Path(source)
    fixed = _WILD.split(source, maxsplit=1)[0]
    return Path(fixed) if fixed == source or fixed.endswith("/") else Path(fixed).parent


def _leads_to(source: str) -> Iterator[Path]:
    """Yield where a path or a glob leads, links followed: itself, its matches for any date, links in its folders."""
    yield _real(_fixed(source))
    pattern = Path(source.replace(_DATE, _ANY_DATE))
    matches = [Path(source)]
    if _WILD.search(source):
        matches += Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    for match in matches:
        yield _real(match)
        if match.is_dir():
            yield from (_real(p) for p in match.rglob("*") if p.is_symlink())
