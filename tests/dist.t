#!/usr/bin/env python3
"""What `make install` leaves behind for systemd, cron and the shells: it is where these look for it, names programs that are
there, and its restrictions leave room for our own. Nothing of it is started."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder may be read-only
SOURCE = os.environ.get("srcdir", ".")
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))
from mailserver import check, plan, skip  # noqa: E402

UNITS = ["dmarcgate-alert.service", "dmarcgate-alert.timer", "dmarcgate-digest.service", "dmarcgate-digest.timer",
         "dmarcgate-ingest.service", "dmarcgate-ingest.timer", "dmarcgate-watch.service"]
COMPLETIONS = ["bash-completion/completions/dmarcgate", "zsh/site-functions/_dmarcgate", "fish/vendor_completions.d/dmarcgate.fish"]


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def make(*words, text=None):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return run("make", "-s", *words, input=text, env=clean)


def variable(name):
    return make("-f", "-", "show", text="include Makefile\nshow:\n\t@echo '$(%s)'\n" % name).stdout.strip()


def read(*path):
    with open(os.path.join(*path)) as text:
        return text.read()


def settings(unit, name):
    return [line.split("=", 1)[1] for line in unit.splitlines() if line.startswith(name + "=")]


def units(root, folder):
    for name in UNITS:
        path = root + os.path.join(folder, name)
        if not check(os.path.exists(path), "%s is installed" % name):
            continue
        text = read(path)
        check("@" not in re.sub(r"^#.*|@[a-z]+-[a-z]+|@privileged|@resources", "", text, flags=re.M), name + ": no gap is left", text)
        for command in settings(text, "ExecStart"):
            program = command.split()[0]
            check(os.access(root + program, os.X_OK), "%s: %s is there" % (name, program))


def analyzed(root, folder):
    """By systemd's own judgement, in a root that has its targets and our files."""
    theirs = next((path for path in ("/lib/systemd/system", "/usr/lib/systemd/system") if os.path.isdir(path)), None)
    if not theirs or not folder.startswith(("/usr/lib", "/usr/local/lib", "/lib", "/etc")):
        return skip("systemd's judgement", "no targets to refer to, or a folder where systemd does not look")
    os.makedirs(root + "/lib/systemd/system", exist_ok=True)
    for name in os.listdir(theirs):
        if name.endswith((".target", ".slice")):
            shutil.copy(os.path.join(theirs, name), root + "/lib/systemd/system/" + name)
    os.makedirs(root + "/bin", exist_ok=True)
    shutil.copy("/bin/true", root + "/bin/kill")
    for name in UNITS:
        verified = run("systemd-analyze", "verify", "--man=no", "--root=" + root, os.path.join(folder, name))
        check(verified.returncode == 0 and not verified.stdout.strip(), name + ": systemd-analyze verify", verified.stdout)
        if name.endswith(".service"):
            exposed = run("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20", "--root=" + root,
                          os.path.join(folder, name))
            check(exposed.returncode == 0, name + ": exposure of at most 2.0, of 10", exposed.stdout)


def filter_of(unit):
    """The system calls that a unit allows."""
    sets, current = {}, None
    for line in run("systemd-analyze", "syscall-filter").stdout.splitlines():
        word = line.strip()
        if line.startswith("@"):
            current = sets.setdefault(word, [])
        elif word and not word.startswith("#") and current is not None:
            current.append(word)

    def flat(word):
        return set().union(*map(flat, sets.get(word, []))) if word.startswith("@") else {word}
    allowed = set()
    for value in settings(unit, "SystemCallFilter"):
        calls = set().union(*map(flat, value.lstrip("~").split()))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed | flat("@default")


def room_for_ours(root, folder):
    code = read(SOURCE, "base", "sandbox.c")
    ours = set(re.findall(r"\bCALL(?:_IF)?\(([a-z0-9_]+)", code)) | set(re.findall(r"SCMP_SYS\(([a-z0-9_]+)\)", code))
    ours = (ours - {"name"}) | {"execve", "landlock_add_rule", "kill", "setsid"}
    for name in UNITS:
        if name.endswith(".service"):
            missing = ours - filter_of(read(root + os.path.join(folder, name)))
            check(len(ours) > 60 and not missing, name + ": our own locks have the system calls they need", sorted(missing))


def shells(root, folder):
    for name in COMPLETIONS:
        check(os.path.exists(root + os.path.join(folder, name)), name + " is installed")


def cron(root, folder):
    text = read(root + os.path.join(folder, "examples", "crontab"))
    lines = [line.split() for line in text.splitlines() if re.match(r"[*0-9]", line)]
    check(len(lines) == 1 and all(re.fullmatch(r"[-*/,0-9]+", word) for word in lines[0][:5]) and
          os.access(root + lines[0][6], os.X_OK), "a line for cron, with a program that is there", text)


def reader(root):
    """The program finds its reader where it was installed or beside itself, and says where it looked when it is in neither."""
    alone = os.path.join(root, "alone")
    os.mkdir(alone)
    program = shutil.copy(root + os.path.join(variable("bindir"), "dmarcgate"), alone)
    place = os.path.join(variable("pkglibexecdir"), "dmarcgate-reader.so")
    sample = os.path.join(SOURCE, "samples", "demo", "bigmail-cafe-1108.eml")
    if os.path.exists(place):
        skip("a program without its reader", "there is one in " + place)
    else:
        ran = run(program, "--db", os.path.join(root, "none.db"), "ingest", sample)
        check(ran.returncode == 78 and ran.stdout == "dmarcgate: %s: No such file or directory\n" % place,
              "a program without its reader says where that should be", ran.stdout)
    shutil.copy(root + place, alone)
    ran = run(program, "show", sample)
    check(ran.returncode == 0 and "lighthouse-cafe.example" in ran.stdout, "with it, it reads", ran.stdout)
    shutil.rmtree(alone)


def main():
    root = tempfile.mkdtemp(prefix="dist.")
    try:
        installed = make("install", "DESTDIR=" + root)
        check(installed.returncode == 0, "make install", installed.stdout)
        folder = variable("systemdsystemunitdir")
        if folder != "no":
            units(root, folder)
            if shutil.which("systemd-analyze"):
                room_for_ours(root, folder)
                analyzed(root, folder)
            else:
                skip("systemd's judgement", "no systemd-analyze")
        shells(root, variable("datadir"))
        cron(root, variable("docdir"))
        reader(root)
        removed = make("uninstall", "DESTDIR=" + root)
        prefix = variable("prefix") + "/"  # which may be a folder of that name
        left = [os.path.join(path, name)[len(root):] for path, folders, names in os.walk(root) for name in folders + names]
        left = [path for path in left if "dmarcgate" in os.path.basename(path) and not prefix.startswith(path + "/")]
        check(removed.returncode == 0 and not left, "make uninstall takes all of it back", left)
    finally:
        shutil.rmtree(root)
    plan()


main()
