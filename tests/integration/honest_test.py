#!/usr/bin/env python3
"""Never against an honest author: restored backups and lost stores sign nothing before they have their own ops
back. And what proves a dishonest one."""
import shutil
import unittest

import peers


class Honest(peers.Case):
    def club(self):
        """Bob is in alice's group and posted once; alice serves."""
        alice, bob = self.device("alice"), self.device("bob")
        alice.ok("group", "create", "club")
        alice.knows(bob)
        alice.ok("member", "add", "club", "bob")
        alice.serve()
        bob.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        bob.ok("post", "club", "one")
        return alice, bob

    def store(self, device):
        return next((device.home / "groups").glob("*.db"))

    def post_and_sync(self, alice, bob):
        for text in ("two", "three"):
            bob.ok("post", "club", text)
        bob.ok("sync", "club", alice.address)

    def texts(self, device):
        return [op["text"] for op in device.ok("log", "club", "--json").lines() if op["kind"] == "post"]

    def adopts_before_it_signs(self, alice, bob):
        self.fails(bob("post", "club", "early", "--json"), 1, "not_synced")
        self.fails(bob("member", "leave", "club", "--json"), 1, "not_synced")
        self.fails(bob("member", "leave", "club", "--dry-run", "--json"), 1, "not_synced")
        self.assertTrue(bob.ok("status", "--json").json()["groups"][0]["authoring_waits"])
        bob.ok("sync", "club", alice.address)
        self.goes_on(alice, bob)

    def goes_on(self, alice, bob):
        bob.ok("post", "club", "four")
        bob.ok("sync", "club", alice.address)
        for device in (alice, bob):
            self.assertEqual(self.texts(device), ["one", "two", "three", "four"])
            self.assertEqual(device.ok("equivocations", "club", "--json").json()["equivocations"], [])

    def test_an_old_copy_of_the_store_is_noticed(self):
        alice, bob = self.club()
        shutil.copy(self.store(bob), self.folder / "old.db")
        self.post_and_sync(alice, bob)
        shutil.copy(self.folder / "old.db", self.store(bob))
        self.adopts_before_it_signs(alice, bob)

    def test_a_restored_backup_waits(self):
        alice, bob = self.club()
        told = bob.ok("backup", "club", "club.db", "--json", cwd=self.folder).json()["backups"]
        self.assertEqual(told[0]["file"], str(self.folder / "club.db"))
        self.post_and_sync(alice, bob)
        self.fails(bob("restore", self.folder / "club.db", "--json"), 1, "already_exists")
        for path in (bob.home / "groups").iterdir():
            path.unlink()
        restored = bob.ok("restore", self.folder / "club.db", "--json").json()
        self.assertEqual((restored["name"], restored["authoring_waits"]), ("club", True))
        self.adopts_before_it_signs(alice, bob)
        self.assertEqual([p.name for p in (bob.home / "groups").glob("restore*")], [])

    def test_a_lost_store_is_filled_again_by_joining(self):
        alice, bob = self.club()
        self.post_and_sync(alice, bob)
        for path in (bob.home / "groups").iterdir():
            path.unlink()
        bob.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        self.goes_on(alice, bob)

    def test_a_copy_of_the_whole_home_is_noticed_by_the_first_sync(self):
        alice, bob = self.club()
        shutil.copytree(bob.home, self.folder / "copy")
        self.post_and_sync(alice, bob)
        shutil.rmtree(bob.home)
        shutil.copytree(self.folder / "copy", bob.home)
        bob.ok("sync", "club", alice.address)
        self.goes_on(alice, bob)

    def test_a_crash_after_a_post_accuses_nobody(self):
        alice, bob = self.club()
        for i in range(5):
            bob.serve()
            bob.ok("post", "club", f"post {i}")
            bob.stop(peers.signal.SIGKILL)
        bob.ok("sync", "club", alice.address)
        self.assertEqual(len(self.texts(alice)), 6)
        self.assertEqual(alice.ok("equivocations", "club", "--json").json()["equivocations"], [])

    def test_backups_of_all_groups_and_damaged_ones(self):
        alice, _ = self.club()
        alice.ok("group", "create", "other")
        place = self.folder / "backups"
        place.mkdir()
        alice.ok("backup", "--all", place)
        copies = sorted(place.iterdir())
        self.assertEqual(len(copies), 2)
        self.fails(alice("backup", "--all", place, "--json"), 1, "already_exists")
        copies[0].write_bytes(copies[0].read_bytes()[:3000])
        eve = self.device("eve")
        self.fails(eve("restore", copies[0], "--json"), 40, "store_damaged")
        self.fails(eve("restore", self.folder / "none", "--json"), 1, "file_io")
        self.assertEqual(list((eve.home / "groups").iterdir()), [])

    def forked(self):
        """Bob's disk was put back and he insisted on signing."""
        alice, bob = self.club()
        shutil.copy(self.store(bob), self.folder / "old.db")
        self.post_and_sync(alice, bob)
        shutil.copy(self.folder / "old.db", self.store(bob))
        bob.ok("post", "club", "other two", "--force")
        bob.ok("sync", "club", alice.address)
        return alice, bob

    def test_who_insists_forks_and_can_be_proven_to(self):
        alice, bob = self.forked()
        proof = self.folder / "proof"
        told = alice.ok("equivocations", "club", "--export", proof, "--json").json()
        self.assertEqual((told["author"], told["ticket"], told["kinds"]), (bob.key, False, ["post", "post"]))
        self.assertEqual(alice("status", "--exit-code").code, 4)
        # No home, no group.
        checked = peers.run("equivocations", "--verify", proof, "--json").json()
        self.assertEqual((checked["valid"], checked["author"], checked["ops"]), (True, bob.key, told["ops"]))
        self.assertIn(bob.key, peers.run("equivocations", "--verify", proof).out)
        self.fails(alice("equivocations", "club", "--export", proof, "--json"), 1, "already_exists")
        content = proof.read_bytes()
        self.assertEqual(peers.run("equivocations", "--verify", "-", text=content).code, 0)
        for wrong in (b"", content[:-1], content + b"\0", content[:100] + bytes([content[100] ^ 1]) + content[101:]):
            refused = peers.run("equivocations", "--verify", "-", "--json", text=wrong or b" ")
            self.assertEqual((refused.code, refused.json()["valid"]), (1, False))
        large = self.folder / "large"
        large.write_bytes(content + b"\0" * 600_000)
        self.assertNotEqual(peers.run("equivocations", "--verify", large).code, 0)
        self.fails(peers.run("equivocations", "--json"), 2, "usage")

    def test_a_dry_run_shows_what_a_cut_undoes(self):
        alice, bob = self.forked()
        bob.ok("sync", "club", alice.address)
        told = alice.ok("member", "cut", "club", "bob", "--json").json()
        self.assertEqual(told["key"], bob.key)
        self.assertEqual(len(told["ops"]), 4)
        oldest = told["ops"][-1]
        self.assertEqual((oldest["cut"], len(oldest["turn_void"])), (None, 4))
        self.assertTrue(all(op["title"] == "post" for op in oldest["turn_void"]))
        before = alice.ok("log", "club", "--json").lines()
        dry = alice.ok("member", "remove", "club", "bob", "--cut-all", "--dry-run", "--json").json()
        self.assertEqual(len(dry["turn_void"]), 4)
        self.assertEqual(alice.ok("log", "club", "--json").lines(), before)
        done = alice.ok("member", "remove", "club", "bob", "--cut-all", "--json").json()
        self.assertEqual((done["turn_void"], done["changes"]), (dry["turn_void"], dry["changes"]))
        frontier = before[0]["id"]
        diff = alice.ok("diff", "club", frontier, "now", "--json").json()
        self.assertEqual((diff["before"], diff["members"]), ([frontier], []))
        add = [op["id"] for op in before if op["kind"] == "add"][0]
        diff = alice.ok("diff", "club", add[:8], "now", "--json").json()
        self.assertEqual([(m["key"], m["before"], m["after"], m["cause"]) for m in diff["members"]],
                         [(bob.key, "member", None, done["op"])])
        self.fails(alice("diff", "club", "now", "ffffffff", "--json"), 1, "not_found")


class DryRuns(peers.Case):
    def test_a_member_removes_their_own_lost_device_and_nobody_else(self):
        alice, bob, phone, watch = (self.device(name) for name in ("alice", "bob", "phone", "watch"))
        alice.ok("group", "create", "club")
        alice.knows(bob)
        alice.ok("member", "add", "club", "bob")
        alice.serve()
        bob.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        bob.ok("member", "link", "club", phone.key)
        bob.ok("sync", "club", alice.address)
        phone.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        phone.ok("member", "link", "club", watch.key)
        phone.ok("sync", "club", alice.address)
        bob.ok("sync", "club", alice.address)
        told = bob.ok("member", "remove", "club", phone.key, "--dry-run", "--json").json()
        out = {c["key"]: c["with"] for c in told["changes"] if c["after"] is None}
        self.assertEqual(out, {phone.key: None, watch.key: phone.key})
        bob.ok("member", "remove", "club", phone.key)
        self.fails(bob("member", "remove", "club", alice.key, "--json"), 30)
        told = alice.ok("member", "leave", "club", "--dry-run", "--json").json()
        self.assertIn("sealed", told["note"])

    def test_every_act_says_beforehand_what_it_then_does(self):
        alice, bob, phone = self.device("alice"), self.device("bob"), self.device("phone")
        alice.ok("group", "create", "club")
        acts = [("member", "add", "club", bob.key, "--level", "moderator"), ("member", "link", "club", phone.key),
                ("member", "set-level", "club", bob.key, "admin"), ("member", "set-level", "club", bob.key, "reader"),
                ("member", "remove", "club", phone.key), ("member", "ban", "club", bob.key),
                ("member", "unban", "club", bob.key), ("member", "leave", "club")]
        for act in acts:
            ops = len(alice.ok("log", "club", "--json").lines())
            text = alice.ok(*act, "--dry-run").out
            self.assertTrue(text.startswith("Nothing was signed."), text)
            dry = alice.ok(*act, "--dry-run", "--json").json()
            self.assertEqual((dry["op"], dry["dry_run"]), (None, True))
            self.assertEqual(len(alice.ok("log", "club", "--json").lines()), ops)
            done = alice.ok(*act, "--json").json()
            for field in ("changes", "turn_void", "turn_effective"):
                self.assertEqual(dry[field], done[field], act)
            self.assertEqual(dry.get("note"), done.get("note"), act)


if __name__ == "__main__":
    peers.main()
