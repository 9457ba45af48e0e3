"""Who runs the servers, and the folders that must be theirs alone."""

import hashlib
import os
import pwd
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class Switch(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @property
    def switches(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def switch(self) -> Switch:
        if not self.switches:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(folder: Path) -> Account:
    """Ourselves. As root, whom PostgreSQL refuses: the folder's owner, else someone harmless."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("gatehouse", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise SystemExit("PostgreSQL does not run as root: make a user for it (useradd -r gatehouse).")


def socket_folder(data: Path) -> Path:
    """Short, because a socket's path ends at 107 bytes; /tmp, so that TMPDIR cannot part us."""
    return Path("/tmp") / f"gh-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def own_folder(folder: Path, account: Account) -> Path:
    """Another's folder of that name (anyone may write to /tmp) is refused, never taken over."""
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != account.uid:
        owner = _name(found.st_uid)
        raise SystemExit(f"{folder} belongs to {owner}, not to {_name(account.uid)}: remove it.")
    folder.chmod(0o700)
    return folder


def require_reach(path: Path, account: Account) -> None:
    """As root only: the servers' account must pass every folder above its data and programs."""
    if not account.switches:
        return
    steps = (*reversed(path.parents), path)
    closed = 'for step; do [ -x "$step" ] || { printf %s "$step"; break; }; done'
    tried = subprocess.run(
        ["sh", "-c", closed, "sh", *steps], cwd="/", stdout=subprocess.PIPE, **account.switch
    )
    if tried.returncode or tried.stdout:
        step = os.fsdecode(tried.stdout)
        raise SystemExit(
            f"PostgreSQL and Redis run as {_name(account.uid)} here and cannot enter {step}."
            f" Allow it: chmod o+x {shlex.quote(step)} (or do not start as root)."
        )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
