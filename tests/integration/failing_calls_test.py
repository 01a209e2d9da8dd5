#!/usr/bin/env python3
"""Every call that the program makes of the file system fails once, or for ever from there on: an exit code and a
message, no crash, nothing acknowledged is lost, and without the fault the home works.

MOOT_SHIM is the library that makes calls fail (tests/crash/shim.cpp). MOOT_CALLS is how many calls of each command
and fault are tried, spread over all of them; 0 for every one.
"""
import json
import os
import pathlib
import shutil

import peers

SHIM = os.environ.get("MOOT_SHIM", "")
CALLS = int(os.environ.get("MOOT_CALLS", "6"))
FAULTS = [("eio", False), ("eio", True), ("sync", False), ("full", False), ("full", True), ("short", False),
          ("short_full", True)]
# Whose fault each is: the disk's, or what a failing disk makes of the user's files.
NAMES = {"store_io", "store_full", "store_open", "store_read_only", "file_io"}


class FailingCalls(peers.Case):
    def setUp(self):
        super().setUp()
        self.runs = 0
        self.errors = 0
        self.place = self.folder / "under test"

    def shimmed(self, fault, at, for_ever, *arguments, text=None):
        env = dict(os.environ, LD_PRELOAD=SHIM, MOOT_SHIM_FOLDER=str(self.place), MOOT_SHIM_FAULT=fault,
                   MOOT_SHIM_REPORT=str(self.folder / "report"))
        if at is not None:
            env["MOOT_SHIM_AT"] = str(at)
        if for_ever:
            env["MOOT_SHIM_FOR_EVER"] = "1"
        outcome = peers.run(*arguments, "--json", home=self.place / "home", text=text, env=env)
        calls, failed = (self.folder / "report").read_text().split()
        return outcome, int(calls), int(failed)

    def lay_out(self, template):
        """A copy of the home under test, as it is before each run."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        if template is not None:
            shutil.copytree(template, self.place / "home", ignore=shutil.ignore_patterns("ballast"))

    def sweep(self, template, arguments, judge, text=None, others=(), more=lambda: None):
        """Runs the command with every fault at calls spread over all it makes. judge(outcome) looks at the home
        afterwards. Names of errors in `others` are allowed too."""
        for number, (fault, for_ever) in enumerate(FAULTS):
            self.lay_out(template)
            more()
            clean, calls, _ = self.shimmed(fault, None, False, *arguments, text=text)
            self.assertEqual(clean.code, 0, clean.err)
            stride = 1 if CALLS == 0 else max(1, calls // CALLS)
            # Each fault starts elsewhere, so that together they come to more calls.
            for at in range(number % stride, calls, stride):
                with self.subTest(command=arguments[0], fault=fault, for_ever=for_ever, at=at):
                    self.lay_out(template)
                    more()
                    outcome, _, failed = self.shimmed(fault, at, for_ever, *arguments, text=text)
                    self.runs += 1
                    self.assertIn(outcome.code, {0, 1, 20} if "session_timed_out" in others else {0, 1},
                                  outcome.out + outcome.err)
                    self.assertGreater(failed, 0)
                    if outcome.code != 0:
                        self.errors += 1
                        error = outcome.error()
                        self.assertIn(error["name"], NAMES | set(others), outcome.err)
                        self.assertTrue(error["text"], outcome.err)
                        if fault in ("full", "short_full") and error["name"] == "store_full":
                            self.assertIn("space", error["text"])
                    judge(outcome)
        # A fault that never shows tests nothing.
        self.assertGreater(self.errors, self.runs // 4)
        print(f"{' '.join(map(str, arguments[:2]))}: {self.runs} runs, {self.errors} with an error")

    def home(self, *arguments, **options):
        return peers.run(*arguments, home=self.place / "home", **options)

    def ok(self, *arguments, **options):
        outcome = self.home(*arguments, **options)
        self.assertEqual(outcome.code, 0, f"{arguments}\n{outcome.out}\n{outcome.err}")
        return outcome

    def sound(self, kept=(), outcome=None, key=None):
        """fsck is content, every op of `kept` is there, and so is what this run acknowledged; a post works."""
        self.ok("fsck", "--full")
        held = {op["id"] for op in self.ok("log", "club", "--json").lines()}
        self.assertEqual(set(kept) - held, set())
        if outcome is not None and outcome.out.strip():
            said = json.loads(outcome.out.strip().splitlines()[-1])
            if key in said:
                self.assertIn(said[key], held)
        self.ok("post", "club", "-", text="it works")

    def lone(self):
        alice = self.device("alice")
        alice.ok("group", "create", "club")
        for i in range(3):
            alice.ok("post", "club", "-", text=f"post {i}")
        return alice, [op["id"] for op in alice.ok("log", "club", "--json").lines()]

    def test_init(self):
        def judge(outcome):
            again = self.home("init", "--name", "alice", "--json")
            if outcome.code == 0 or again.code != 0:
                self.fails(again, 1, "already_exists")
            self.ok("id")
            self.ok("group", "create", "club")
        self.sweep(None, ["init", "--name", "alice"], judge)

    def test_group_create(self):
        alice = self.device("alice")

        def judge(outcome):
            groups = self.ok("group", "list", "--json").json()["groups"]
            if outcome.code == 0:
                self.assertEqual([group["name"] for group in groups], ["club"])
            self.assertLessEqual(len(groups), 1)
            if not groups:
                self.ok("group", "create", "club")
            self.sound()
        self.sweep(alice.home, ["group", "create", "club"], judge)

    def test_post(self):
        alice, kept = self.lone()
        self.sweep(alice.home, ["post", "club", "-"], lambda outcome: self.sound(kept, outcome, "op"), text="hello")

    def test_member_add(self):
        alice, kept = self.lone()
        bob = self.device("bob")
        alice.knows(bob)

        def judge(outcome):
            self.sound(kept, outcome, "op")
            members = self.ok("members", "club", "--json").json()["members"]
            if outcome.code == 0:
                self.assertIn(bob.key, [member["key"] for member in members])
        self.sweep(alice.home, ["member", "add", "club", "bob"], judge)

    def test_sync(self):
        alice, _ = self.lone()
        bob = self.device("bob")
        alice.knows(bob)
        alice.ok("member", "add", "club", "bob")
        alice.serve()
        bob.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        bob.ok("post", "club", "-", text="bob")
        kept = [op["id"] for op in bob.ok("log", "club", "--json").lines()]
        for i in range(4):
            alice.ok("post", "club", "-", text=f"later {i}")
        wanted = {op["id"] for op in alice.ok("log", "club", "--json").lines()}

        def judge(outcome):
            held = {op["id"] for op in self.ok("log", "club", "--json").lines()}
            if outcome.code == 0:
                self.assertLessEqual(wanted, held)
            # What it posts now stays here, so that no two copies show the others two ops in one place.
            self.sound(kept)
        self.sweep(bob.home, ["sync", "club", alice.address], judge)
        self.assertEqual(alice.ok("equivocations", "club", "--json").json()["equivocations"], [])

    def test_backup(self):
        alice, kept = self.lone()
        target = self.place / "club.db"

        def judge(outcome):
            self.sound(kept)
            if outcome.code == 0:
                self.assertTrue(target.exists())
            if target.exists():
                other = self.folder / "other"
                shutil.rmtree(other, ignore_errors=True)
                peers.run("init", "--name", "eve", home=other)
                restored = peers.run("restore", target, "--json", home=other)
                self.assertEqual(restored.code, 0, restored.err)
                self.assertEqual(restored.json()["ops"], len(kept))
            else:
                self.ok("backup", "club", target)
        self.sweep(alice.home, ["backup", "club", target], judge)

    def test_restore(self):
        alice, kept = self.lone()
        copy = self.folder / "club.db"
        alice.ok("backup", "club", copy)
        eve = self.device("eve")

        def judge(outcome):
            again = self.home("restore", self.place / "copy.db", "--json")
            if outcome.code == 0 or again.code != 0:
                self.fails(again, 1, "already_exists")
            self.ok("fsck", "--full")
            held = {op["id"] for op in self.ok("log", "club", "--json").lines()}
            self.assertEqual(held, set(kept))
            # Marked, whatever failed.
            self.assertTrue(self.ok("status", "--json").json()["groups"][0]["authoring_waits"])
            self.assertEqual([p.name for p in (self.place / "home/groups").glob("restore*")], [])
        self.sweep(eve.home, ["restore", self.place / "copy.db"], judge,
                   more=lambda: shutil.copy(copy, self.place / "copy.db"))

    def test_fsck_repair(self):
        alice, kept = self.lone()
        store = next((alice.home / "groups").glob("*.db"))
        data = bytearray(store.read_bytes())
        at = data.find(bytes.fromhex(kept[2]))
        self.assertGreater(at, 0)
        data[at + 32 + 64 + 20] ^= 1
        store.write_bytes(data)

        def judge(outcome):
            again = self.home("fsck", "--repair", "--json")
            self.assertEqual(again.code, 0, again.out + again.err)
            self.assertFalse(again.json()["damaged"])
            self.assertEqual(again.json()["repaired"], outcome.code != 0 and again.json()["repaired"])
            self.ok("fsck", "--full")
            held = {op["id"] for op in self.ok("log", "club", "--json").lines()}
            self.assertEqual(set(kept[:2]) - held, set())
            self.assertTrue(self.ok("status", "--json").json()["groups"][0]["authoring_waits"])
            # The damaged one is kept, once or, where a repair failed at its end, oftener.
            self.assertGreater(len(list((self.place / "home/groups").glob("*damaged*"))), 0)
        self.sweep(alice.home, ["fsck", "--repair"], judge)


if __name__ == "__main__":
    if not SHIM or not pathlib.Path(SHIM).exists():
        raise SystemExit("MOOT_SHIM must name the library")
    peers.main()
