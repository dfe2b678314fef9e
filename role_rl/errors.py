"""What can go wrong in the learner.

RoleRLError
├── SettingsError       a profile told something that cannot be (remedy: the profile)
├── TableError          published rows lack a column (remedy: the tables, or the version that wrote them)
└── StateError          a version of the weights; `path` names the file
    ├── StateMissing        it is not there
    ├── StateUnreadable     it is there and cannot be used
    ├── StateUnwritable     the folder does not take it
    └── VersionExists       another learner wrote this version first: read again, learn on top of it

All pickle (their arguments are their `args`), all messages name the place and the remedy. None of them is worth a
retry of the same call, except VersionExists, which `state.commit` handles itself.
"""


class RoleRLError(Exception):
    """Base of everything raised by role_rl."""


class SettingsError(RoleRLError):
    """A setting or a pool that cannot be used."""


class TableError(RoleRLError):
    """A published table that is not what section 5 of the design declares."""


class StateError(RoleRLError):
    """Trouble with one version file.

    path: the file, detail: what is wrong with it, in a few words.
    """

    remedy = ""

    def __init__(self, path: str, detail: str = "") -> None:
        super().__init__(path, detail)
        self.path = path
        self.detail = detail

    def __str__(self) -> str:
        what = f"{self.path}: {self.detail}" if self.detail else self.path
        return f"{what}; {self.remedy}"


class StateMissing(StateError):
    """No such version."""

    remedy = "choose one of the versions in this folder"


class StateUnreadable(StateError):
    """A version that is damaged, or of a schema this program does not know."""

    remedy = "delete it, or roll back to a version that can be read"


class StateUnwritable(StateError):
    """The folder refused a new version."""

    remedy = "check its permissions and free space, and that its filesystem supports hard links"


class VersionExists(StateError):
    """The version number is taken: someone learned at the same time."""

    remedy = "read the newest version and learn on top of it"
