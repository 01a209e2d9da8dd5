#!/usr/bin/env python3
"""One device alone: exit codes, error objects, homes, key files, damage, a full disk."""
import json
import os
import pathlib
import socket
import subprocess
import unittest

import peers


class Commands(peers.Case):
    def lone(self):
        alice = self.device("alice")
        alice.ok("group", "create", "club")
        return alice

    def test_usage_is_2_and_shows_as_an_object(self):
        self.fails(peers.run("dance", "--json"), 2, "usage")
        self.fails(peers.run("--json"), 2, "usage")
        self.fails(peers.run("members", "--json"), 2, "usage")
        plain = peers.run("dance")
        self.assertEqual((plain.code, plain.out), (2, ""))
        self.assertTrue(plain.err.startswith("moot: "))

    def test_every_command_has_help_with_an_example(self):
        commands = ["init", "id", "contact add", "contact list", "group create", "group list", "group join", "ticket",
                    "member add", "member set-level", "member remove", "member ban", "member unban", "member link",
                    "member leave", "members", "may", "post", "log", "show", "serve", "sync", "status", "fsck",
                    "equivocations", "scenario run", "version", "ticket list", "ticket withdraw", "member cut", "diff",
                    "backup", "restore"]
        for command in commands:
            outcome = peers.run(*command.split(), "--help")
            self.assertEqual(outcome.code, 0, command)
            self.assertIn("Example: moot " + command, outcome.out)

    def test_no_home_and_no_group_are_10(self):
        self.fails(peers.run("id", "--json", home=self.folder / "none"), 10, "no_home")
        alice = self.lone()
        self.fails(alice("members", "other", "--json"), 10, "no_group")

    def test_homes_are_found_by_the_environment(self):
        env = {**os.environ, "MOOT_HOME": str(self.folder / "by-moot-home")}
        self.assertEqual(peers.run("init", "--name", "x", env=env).code, 0)
        self.assertTrue((self.folder / "by-moot-home/device.key").exists())
        env = {**os.environ, "XDG_DATA_HOME": str(self.folder / "xdg")}
        env.pop("MOOT_HOME", None)
        self.assertEqual(peers.run("init", "--name", "x", env=env).code, 0)
        self.assertTrue((self.folder / "xdg/moot/device.key").exists())

    def test_init_keeps_an_existing_key(self):
        alice = self.device("alice")
        self.fails(alice("init", "--json"), 1, "already_exists")
        self.assertEqual(alice.ok("id", "--json").json(), {"name": "alice", "key": alice.key})

    def test_secret_files_are_private_and_looser_ones_refused(self):
        alice = self.device("alice")
        key = alice.home / "device.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(alice.home.stat().st_mode & 0o777, 0o700)
        key.chmod(0o640)
        outcome = alice("id", "--json")
        self.fails(outcome, 13, "unsafe_key_file")
        self.assertIn("chmod 600", outcome.error()["text"])
        key.chmod(0o600)
        alice.ok("id")
        key.write_text("moot device key 9\n")
        self.fails(alice("id", "--json"), 1, "bad_key_file")

    def test_a_held_store_is_locked(self):
        alice = self.lone()
        alice.serve()
        (alice.home / "moot.sock").unlink()
        self.fails(alice("members", "club", "--json"), 11, "store_locked")
        self.fails(alice("serve", "--json"), 11, "store_locked")

    def test_a_stale_socket_does_no_harm(self):
        alice = self.lone()
        alice.serve()
        alice.stop(peers.signal.SIGKILL)
        self.assertTrue((alice.home / "moot.sock").exists())
        alice.ok("post", "club", "-", text="nobody listens")
        alice.serve()
        self.assertIn("nobody listens", alice.ok("log", "club").out)

    def test_nonsense_on_the_daemons_socket_does_no_harm(self):
        alice = self.lone()
        alice.serve()
        arrays = b"\x81" * 1_000_000
        texts = b"\xa1\x69arguments\x81\x61x"
        for request in (arrays, b"\xa1\x69arguments" + arrays[:-20], b"\xa1\x61x" * 300_000, texts, b"\x41", b""):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(str(alice.home / "moot.sock"))
                line.sendall(len(request).to_bytes(4, "big") + request)
                line.settimeout(20)
                answer = line.recv(65536)
            self.assertTrue(answer == b"" or b"\x64exit\x01" in answer, answer)
        self.assertIn("alice", alice.ok("members", "club").out)

    def test_what_the_rules_forbid_is_30_and_signs_nothing(self):
        alice, bob = self.lone(), self.device("bob")
        self.fails(alice("member", "remove", "club", bob.key, "--json"), 30, "access_subject_unknown")
        self.fails(alice("member", "unban", "club", bob.key, "--json"), 30, "access_not_banned")
        self.assertEqual(len(alice.ok("log", "club", "--json").lines()), 1)

    def test_dry_run_signs_nothing(self):
        alice, bob = self.lone(), self.device("bob")
        before = alice.ok("members", "club", "--json").json()
        told = alice.ok("member", "add", "club", bob.key, "--dry-run", "--json").json()
        self.assertEqual(told["op"], None)
        self.assertEqual([(c["key"], c["before"], c["after"]) for c in told["changes"]], [(bob.key, None, "member")])
        self.assertEqual(alice.ok("members", "club", "--json").json(), before)

    def test_may_answers_with_4_for_no(self):
        alice, bob = self.lone(), self.device("bob")
        alice.ok("member", "add", "club", bob.key, "--level", "reader")
        self.assertEqual(alice("may", "club", bob.key, "read").code, 0)
        outcome = alice("may", "club", bob.key, "post", "--json")
        self.assertEqual((outcome.code, outcome.json()["may"], outcome.json()["needs"]), (4, False, "member"))

    def test_members_at_an_earlier_op(self):
        alice, bob = self.lone(), self.device("bob")
        create = alice.ok("log", "club", "--json").lines()[0]["id"]
        alice.ok("member", "add", "club", bob.key, "--level", "30")
        now = alice.ok("members", "club", "--json").json()["members"]
        then = alice.ok("members", "club", "--at", create[:8], "--json").json()["members"]
        self.assertEqual(sorted(m["level"] if isinstance(m["level"], str) else str(m["level"]) for m in now),
                         ["30", "founder"])
        self.assertEqual([m["name"] for m in then], ["alice"])

    def test_petnames_and_prefixes(self):
        alice, bob = self.lone(), self.device("bob")
        alice.knows(bob)
        self.fails(alice("contact", "add", "bob", alice.key, "--json"), 1, "already_exists")
        self.fails(alice("contact", "add", "eve", "00" * 32, "--json"), 2, "usage")
        alice.ok("member", "add", "club", "bob")
        alice.ok("may", "club", bob.key[:8], "post")
        self.fails(alice("may", "club", "nobody", "post", "--json"), 1, "not_found")
        group = alice.ok("group", "list", "--json").json()["groups"][0]["group"]
        alice.ok("members", group[:8])
        alice.ok("group", "create", "club")
        self.fails(alice("members", "club", "--json"), 2, "ambiguous")

    def test_posts_are_text_and_shown_without_escapes(self):
        alice = self.lone()
        self.fails(alice("post", "club", "-", "--json", text=b"\xff\xfe"), 2, "usage")
        self.fails(alice("post", "club", "-", "--json", text="x" * 40000), 2)
        alice.ok("post", "club", "\x1b[2Jhi ä\nthere")
        self.assertNotIn("\x1b", alice.ok("log", "club").out)
        shown = alice.ok("log", "club", "--json").lines()[-1]
        self.assertEqual(shown["text"], "\x1b[2Jhi ä\nthere")
        self.assertEqual(alice.ok("show", shown["id"][:10], "--json").json()["text"], shown["text"])

    def test_bad_tickets_are_2(self):
        alice = self.lone()
        ticket = alice.ok("ticket", "club", "--address", "127.0.0.1:7447", "-q").out.strip()
        other = "A" if ticket[20] != "A" else "B"
        for bad in ("moot1", "hello", ticket[:-1], ticket[:20] + other + ticket[21:]):
            self.fails(alice("group", "join", bad, "--json"), 2, "bad_ticket")
        self.fails(alice("group", "join", ticket, "--json"), 1, "already_exists")

    def test_rules_of_a_group(self):
        alice, recovery = self.device("alice"), self.device("recovery")
        alice.ok("group", "create", "strict", "--equal", "forbid", "--rule", "add=admin", "--recovery", recovery.key)
        create = alice.ok("log", "strict", "--json").lines()[0]
        self.assertEqual(create["founders"], [recovery.key, alice.key])
        self.assertEqual((create["rules"]["equal"], create["rules"]["add"]), ("forbid", "admin"))
        self.fails(alice("group", "create", "x", "--rule", "dance=admin", "--json"), 2, "usage")

    def test_damage_is_40(self):
        alice = self.lone()
        for i in range(50):
            alice.ok("post", "club", f"post {i} " + "x" * 200)
        self.assertFalse(alice.ok("fsck", "--full", "--json").json()["damaged"])
        store = next((alice.home / "groups").glob("*.db"))
        content = bytearray(store.read_bytes())
        at = content.find(b"post 25 ")
        self.assertGreater(at, 0)
        content[at] ^= 1
        store.write_bytes(content)
        outcome = alice("fsck", "--full", "--json")
        self.assertEqual(outcome.code, 40, outcome.out + outcome.err)
        self.assertTrue(outcome.json()["groups"][0]["faults"])

    def test_a_store_cut_short_is_40(self):
        alice = self.lone()
        store = next((alice.home / "groups").glob("*.db"))
        store.write_bytes(store.read_bytes()[:5000])
        self.assertEqual(alice("fsck", "--json").code, 40)

    def test_a_full_disk_gives_a_clear_error_and_loses_nothing(self):
        script = r"""
set -e
mount -t tmpfs -o size=400k tmpfs "$1" || { echo cannot mount >&2; exit 99; }
"$2" --home "$1/home" init --name alice > /dev/null
"$2" --home "$1/home" group create club > /dev/null
posted=0
while head -c 20000 /dev/zero | tr '\0' x | "$2" --home "$1/home" --json post club - > /dev/null 2> "$1.error"; do
    posted=$((posted + 1))
    [ $posted -lt 100 ]
done
cat "$1.error" >&2
"$2" --home "$1/home" log club --json | wc -l
echo $posted
"""
        place = self.folder / "disk"
        place.mkdir()
        done = subprocess.run(["unshare", "-rm", "bash", "-c", script, "disk", str(place), peers.MOOT],
                              capture_output=True, text=True)
        if done.returncode in (1, 99) and ("unshare" in done.stderr or "mount" in done.stderr):
            self.skipTest("mounting a small disk is not permitted here: " + done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        kept, posted = [int(line) for line in done.stdout.split()]
        self.assertGreater(posted, 0)
        self.assertEqual(kept, posted + 1)
        self.assertEqual(json.loads(done.stderr.strip().splitlines()[-1])["error"]["name"], "store_full")

    def test_scenarios_are_bounded(self):
        large = self.folder / "large.json"
        large.write_bytes(b" " * (1 << 20) + b" ")
        self.fails(peers.run("scenario", "run", large, "--json"), 1, "bad_scenario")
        wrong = self.folder / "wrong.json"
        wrong.write_text('{"ops": [{"id": "g", "author": "a", "do": "create", "deps": []}], '
                         '"expect": {"members": {"a": "reader"}}}')
        outcome = peers.run("scenario", "run", wrong, "--json")
        self.assertEqual((outcome.code, outcome.json()["expected"]), (1, False))

    def test_the_example_of_the_readme_is_the_one_that_is_built(self):
        root = pathlib.Path(__file__).parent.parent.parent
        example = (root / "tests/install/embed_example.cpp").read_text()
        blocks = (root / "README.md").read_text().split("```cpp\n")[1:]
        self.assertTrue(blocks)
        for block in blocks:
            self.assertIn(block.split("```")[0], example)

    def test_version(self):
        self.assertRegex(peers.run("version", "--json").json()["version"], r"^\d+\.\d+\.\d+$")


if __name__ == "__main__":
    peers.main()
