#!/usr/bin/env python3
"""A disk that is really full: a small one in memory where mounting is permitted, else a limit of file size. What
was acknowledged is there, errors say what to do, and what makes room or ends access still works."""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys

import peers

# Run again by this file inside a mount namespace of its own: FOLDER PART.
PART = "--part"


def fill(path):
    """A file that takes all that is left."""
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"f" * size)
            except OSError:
                pass


def post_until_full(home, size=20_000):
    posted = []
    while len(posted) < 3_000:
        done = peers.run("post", "club", "-", "--json", home=home, text="x" * size)
        if done.code != 0:
            return posted, done
        posted.append(done.json()["op"])
    raise AssertionError("the disk does not fill up")


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def ok(*arguments, **options):
    done = peers.run(*arguments, **options)
    expect(done.code == 0, f"{arguments}: {done.code}\n{done.out}\n{done.err}")
    return done


def expect_kept(home, posted):
    held = {op["id"] for op in ok("log", "club", "--json", home=home).lines()}
    expect(set(posted) <= held, "an acknowledged post is lost")


def part_tiny(folder):
    """2 MiB, too little for a ballast: everything fails clearly and goes on once there is room."""
    home = f"{folder}/home"
    ok("init", "--name", "alice", home=home)
    expect(not os.path.exists(f"{home}/ballast"), "a ballast on a tiny disk")
    ok("group", "create", "club", home=home)
    with open(f"{folder}/room", "wb") as file:
        file.write(b"r" * 400_000)
    posted, full = post_until_full(home)
    expect(len(posted) > 10, "too few posts")
    expect(full.code == 1 and full.error()["name"] == "store_full", full.err)
    expect("free some space" in full.error()["text"], full.err)
    fill(f"{folder}/filler")
    for _ in range(3):
        expect(peers.run("post", "club", "-", "--json", home=home, text="x").code == 1, "a post with no room")
    expect_kept(home, posted)
    ok("fsck", "--full", home=home)
    expect(peers.run("backup", "club", f"{folder}/copy.db", home=home).code == 1, "a backup with no room")
    expect(not os.path.exists(f"{folder}/copy.db"), "half a backup")
    os.remove(f"{folder}/room")
    ok("post", "club", "-", home=home, text="there is room again")
    expect_kept(home, posted)
    ok("fsck", "--full", home=home)


def part_ballast(folder):
    """64 MiB: what ends access works on a disk without a byte left, and the reserve comes back with room."""
    home, ballast = f"{folder}/home", f"{folder}/home/ballast"
    ok("init", "--name", "alice", home=home)
    size = os.path.getsize(ballast)
    expect(262_144 <= size <= 700_000, f"a ballast of {size}")
    ok("contact", "add", "mallory", ok("id", "--json", home=f"{folder}-mallory").json()["key"], home=home)
    ok("group", "create", "club", home=home)
    ok("member", "add", "club", "mallory", home=home)
    fill(f"{folder}/filler")
    posted, full = post_until_full(home)
    expect(full.error()["name"] == "store_full", full.err)
    expect("moot member remove" in full.error()["text"] and "ballast" in full.error()["text"], full.err)
    expect(os.path.exists(ballast), "a post took the ballast")
    done = ok("member", "remove", "club", "mallory", home=home)
    expect("given up" in done.err, done.err)
    expect(not os.path.exists(ballast), "the ballast is still there")
    members = ok("members", "club", "--json", home=home).json()["members"]
    expect([m["name"] for m in members] == ["alice"], members)
    expect_kept(home, posted)
    ok("fsck", "--full", home=home)
    expect(not os.path.exists(ballast), "a ballast on a full disk")
    os.remove(f"{folder}/filler")
    ok("status", home=home)
    expect(os.path.exists(ballast), "the ballast does not come back")


def part_repair(folder):
    """A damaged store is repaired on a full disk out of the reserve."""
    home = f"{folder}/home"
    ok("init", "--name", "alice", home=home)
    ok("group", "create", "club", home=home)
    ids = [ok("post", "club", "-", "--json", home=home, text=f"post {i}").json()["op"] for i in range(5)]
    path = f"{home}/groups/" + next(n for n in os.listdir(f"{home}/groups") if n.endswith(".db"))
    with open(path, "r+b") as file:
        data = file.read()
        at = data.find(bytes.fromhex(ids[3])) + 32 + 64 + 20
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))
    fill(f"{folder}/filler")
    expect(peers.run("fsck", "--json", home=home).code == 40, "the damage is not found")
    done = ok("fsck", "--repair", "--json", home=home)
    expect(done.json()["repaired"], done.out)
    ok("fsck", "--full", home=home)
    expect_kept(home, ids[:2])


PARTS = {"tiny": ("2m", part_tiny), "ballast": ("64m", part_ballast), "repair": ("64m", part_repair)}


class FullDisk(peers.Case):
    def on_a_small_disk(self, part):
        disk = self.folder / part
        disk.mkdir()
        peers.run("init", "--name", "mallory", home=f"{disk}-mallory")
        size, _ = PARTS[part]
        script = 'mount -t tmpfs -o size="$1" tmpfs "$2" || exit 99; shift 2; exec "$@"'
        # Not as root inside either: root may have blocks that others may not.
        done = subprocess.run(
            ["unshare", "-Urm", "sh", "-c", script, "disk", size, str(disk), sys.executable, __file__, PART, str(disk),
             part], capture_output=True, text=True)
        if done.returncode in (1, 99) and ("unshare" in done.stderr or "mount" in done.stderr):
            self.skipTest("mounting a small disk is not permitted here: " + done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_two_mebibytes(self):
        self.on_a_small_disk("tiny")

    def test_the_reserve_ends_access_on_a_full_disk(self):
        self.on_a_small_disk("ballast")

    def test_the_reserve_repairs_on_a_full_disk(self):
        self.on_a_small_disk("repair")

    def test_a_limit_of_file_size_is_an_error_and_no_death(self):
        alice = self.device("alice")
        alice.ok("group", "create", "club")

        def limited(bytes_, *arguments, text=""):
            # Python ignores SIGXFSZ, and children inherit that; the program must see to it by itself.
            def prepare():
                signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, resource.RLIM_INFINITY))
            return peers.Outcome(subprocess.run([peers.MOOT, "--home", str(alice.home), *map(str, arguments), "--json"],
                                                input=text.encode(), capture_output=True, preexec_fn=prepare))

        posted = []
        for limit in (200_000, 100_000, 5_000, 100, 0):
            for _ in range(30):
                done = limited(limit, "post", "club", "-", text="x" * 20_000)
                if done.code != 0:
                    break
                posted.append(done.json()["op"])
            self.fails(done, 1, "store_full")
            for arguments in (("backup", "club", self.folder / "copy.db"), ("group", "create", "other")):
                done = limited(min(limit, 5_000), *arguments)
                self.fails(done, 1, "store_full")
            self.assertFalse((self.folder / "copy.db").exists())
        held = {op["id"] for op in alice.ok("log", "club", "--json").lines()}
        self.assertGreater(len(posted), 3)
        self.assertLessEqual(set(posted), held)
        alice.ok("fsck", "--full")
        alice.ok("post", "club", "-", text="free again")


if __name__ == "__main__":
    if PART in sys.argv:
        folder, part = sys.argv[2], sys.argv[3]
        try:
            PARTS[part][1](folder)
        finally:
            shutil.rmtree(f"{folder}/home", ignore_errors=True)
        sys.exit(0)
    peers.main()
