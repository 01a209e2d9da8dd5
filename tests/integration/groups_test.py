#!/usr/bin/env python3
"""Groups over loopback TCP: the sketch of use, tickets, removal seen from both sides, JSON shapes."""
import signal
import unittest

import peers


class BookClub(peers.Case):
    def club(self):
        """Alice founded it, added bob, and serves."""
        alice, bob = self.device("alice"), self.device("bob")
        alice.ok("group", "create", "book club")
        alice.knows(bob)
        bob.knows(alice)
        alice.ok("member", "add", "book club", "bob", "--level", "member")
        alice.serve()
        return alice, bob

    def ticket(self, device):
        text = device.ok("ticket", "book club", "--json").json()["ticket"]
        self.assertTrue(text.startswith("moot1"))
        self.assertLessEqual(len(text), 400)
        return text

    def test_sketch_of_use(self):
        alice, bob = self.club()
        alice.ok("post", "book club", "first")
        joined = bob.ok("group", "join", self.ticket(alice))
        self.assertEqual(joined.out, "Joined book club: 2 members, 3 operations.\n")
        bob.ok("post", "book club", "hello")
        synced = bob.ok("sync", "book club", alice.address, "--json").json()["peers"][0]
        self.assertEqual((synced["outcome"], synced["ops_sent"], synced["error"]), ("equal", 1, None))
        again = bob.ok("sync", "book club", alice.address, "--json").json()["peers"][0]
        self.assertLess(again["bytes"]["sent"] + again["bytes"]["received"], 200)
        texts = [op.get("text") for op in alice.ok("log", "book club", "--json").lines() if op["kind"] == "post"]
        self.assertEqual(texts, ["first", "hello"])
        drawn = alice.ok("log", "book club", "--graph").out
        self.assertEqual(len([line for line in drawn.splitlines() if "*" in line]), 4)
        self.assertEqual(self.members(alice), self.members(bob))

    def members(self, device):
        answer = device.ok("members", "book club", "--json").json()
        self.assertEqual(len(answer["digest"]), 32)
        levels = {m["key"]: m["level"] for m in answer["members"]}
        return levels, answer["frontier"], answer["digest"]

    def test_a_late_member_gets_a_history_of_several_authors(self):
        alice, bob = self.club()
        bob.ok("group", "join", self.ticket(alice))
        carol = self.device("carol")
        for i in range(5):
            alice.ok("post", "book club", f"a{i}")
            bob.ok("post", "book club", f"b{i}")
            bob.ok("sync", "book club", alice.address)
        alice.knows(carol)
        alice.ok("member", "add", "book club", "carol")
        alice.ok("post", "book club", "welcome")
        carol.ok("group", "join", self.ticket(alice))
        self.assertEqual(self.members(alice), self.members(carol))
        carol.ok("fsck", "--full")

    def test_daemons_push_what_is_new(self):
        alice, bob = self.club()
        bob.ok("group", "join", self.ticket(alice))
        bob.serve("--peer", alice.address)
        alice.ok("post", "book club", "pushed")
        for _ in range(100):
            if "pushed" in bob.ok("log", "book club").out:
                break
            peers.subprocess.run(["sleep", "0.1"], check=True)
        self.assertIn("pushed", bob.ok("log", "book club").out)

    def test_three_peers_are_kept_and_one_that_dies_comes_back(self):
        alice, bob = self.club()
        others = [bob, self.device("carol"), self.device("dave")]
        for other in others[1:]:
            alice.knows(other)
            alice.ok("member", "add", "book club", other.name)
        for other in others:
            other.ok("group", "join", self.ticket(alice))
            other.serve()
        alice.stop()
        alice.serve(*(word for other in others for word in ("--peer", other.address)))
        alice.ok("post", "book club", "to all")
        for other in others:
            self.reaches(other, "to all")
        carol = others[1]
        address = carol.address
        carol.stop(signal.SIGKILL)
        bob.ok("post", "book club", "while carol is away")
        self.reaches(others[2], "while carol is away")
        carol.daemon = peers.subprocess.Popen(
            [peers.MOOT, "--home", str(carol.home), "serve", "--listen", address], stdout=peers.subprocess.PIPE
        )
        self.assertTrue(carol.daemon.stdout.readline())
        self.reaches(carol, "while carol is away")
        carol.ok("post", "book club", "back again")
        for other in (alice, bob, others[2]):
            self.reaches(other, "back again")

    def reaches(self, device, text):
        for _ in range(300):
            if text in device.ok("log", "book club").out:
                return
            peers.subprocess.run(["sleep", "0.1"], check=True)
        self.fail(f"{device.name} has no {text!r}")

    def test_a_group_joined_beside_a_daemon_is_served_by_it(self):
        alice, bob = self.club()
        bob.serve()
        bob.ok("group", "join", self.ticket(alice))
        self.assertEqual(len(bob.ok("status", "--json").json()["groups"]), 1)
        bob.ok("post", "book club", "-", text="from standard input\n")
        alice.ok("sync", "book club", bob.address)
        self.assertIn("from standard input", alice.ok("log", "book club").out)

    def test_a_stranger_with_a_ticket_is_not_let_in(self):
        alice, _ = self.club()
        mallory = self.device("mallory")
        outcome = mallory("group", "join", self.ticket(alice), "--json")
        self.fails(outcome, 21, "session_not_let_in")
        self.assertEqual(list((mallory.home / "groups").iterdir()), [])

    def test_a_ticket_expects_its_giver(self):
        alice, bob = self.club()
        ticket = self.ticket(alice)
        address = alice.address
        alice.stop()
        other = self.device("other")
        other.ok("group", "create", "elsewhere")
        process = peers.subprocess.Popen(
            [peers.MOOT, "--home", str(other.home), "serve", "--listen", address], stdout=peers.subprocess.PIPE
        )
        other.daemon = process
        self.assertTrue(process.stdout.readline())
        self.fails(bob("group", "join", ticket, "--json"), 22, "channel_wrong_identity")

    def test_nobody_at_the_address(self):
        alice, bob = self.club()
        ticket = self.ticket(alice)
        alice.stop()
        self.fails(bob("group", "join", ticket, "--json"), 20, "net_unreachable")
        alice.ok("post", "book club", "alone")
        self.fails(alice("sync", "book club", "127.0.0.1:1", "--json"), 20, "net_unreachable")

    def test_partly_synced_is_3(self):
        alice, bob = self.club()
        bob.ok("group", "join", self.ticket(alice))
        outcome = bob("sync", "book club", alice.address, "127.0.0.1:1", "--json")
        self.assertEqual(outcome.code, 3)
        self.assertEqual([p["outcome"] for p in outcome.json()["peers"]], ["equal", "failed"])

    def test_the_removed_learns_why_and_may_nothing(self):
        alice, bob = self.club()
        bob.ok("group", "join", self.ticket(alice))
        changes = alice.ok("member", "remove", "book club", "bob", "--json").json()["changes"]
        self.assertEqual([(c["name"], c["before"], c["after"]) for c in changes], [("bob", "member", None)])
        bob("sync", "book club", alice.address)
        self.fails(bob("post", "book club", "still here?", "--json"), 30, "access_no_grant")
        story = bob.ok("explain", "book club", "member", "bob").out
        for part in ("bob is out.", "M1", "alice outranks bob: founder over member", "ask to be added: alice"):
            self.assertIn(part, story)
        answer = bob.ok("explain", "book club", "member", "bob", "--json").json()
        self.assertFalse(answer["in"])
        self.assertEqual(answer["grants"][0]["steps"][0]["rank"]["part"], "level")
        self.assertEqual(bob("status", "--exit-code").code, 4)

    def test_concurrent_removal_is_explained_by_rule_op_and_rank(self):
        alice, bob = self.club()
        alice.ok("member", "set-level", "book club", "bob", "admin")
        bob.ok("group", "join", self.ticket(alice))
        dave = self.device("dave")
        bob.knows(dave)
        bob.ok("member", "add", "book club", "dave")
        alice.ok("member", "remove", "book club", "bob")
        bob("sync", "book club", alice.address)
        alice.knows(dave)
        story = alice.ok("explain", "book club", "member", "dave").out
        for part in ("dave is out.", "is void: E2", '"remove bob" by alice', "had not seen it",
                     "alice outranks bob: founder over admin", 'moot member add "book club" dave'):
            self.assertIn(part, story)
        void = alice.ok("log", "book club", "--verdict", "void", "--json").lines()
        self.assertEqual([(op["kind"], op["rule"]) for op in void], [("add", "E2")])
        told = alice.ok("explain", "book club", "op", void[0]["id"][:10], "--json").json()
        self.assertEqual((told["verdict"], told["rule"], len(told["steps"])), ("void", "E2", 1))
        alice.ok("member", "add", "book club", "dave")
        self.assertIn("dave is in, as member.", alice.ok("explain", "book club", "member", "dave").out)

    def test_a_copied_home_forks_its_author(self):
        alice, bob = self.club()
        bob.ok("group", "join", self.ticket(alice))
        copy = self.folder / "copy"
        peers.shutil.copytree(bob.home, copy)
        bob.ok("post", "book club", "one")
        self.assertEqual(peers.run("post", "book club", "two", home=copy).code, 0)
        bob.ok("sync", "book club", alice.address)
        peers.run("sync", "book club", alice.address, home=copy)
        found = alice.ok("equivocations", "book club", "--json").json()["equivocations"]
        self.assertEqual([(e["author"], len(e["ops"])) for e in found], [(bob.key, 2)])
        self.assertEqual(alice("status", "--exit-code").code, 4)

    def test_a_killed_daemon_loses_nothing(self):
        alice, bob = self.club()
        bob.ok("group", "join", self.ticket(alice))
        for i in range(10):
            alice.ok("post", "book club", f"post {i}")
        alice.stop(signal.SIGKILL)
        self.assertIn("post 9", alice.ok("log", "book club").out)
        alice.ok("fsck", "--full")
        alice.serve()
        bob.ok("sync", "book club", alice.address)

    def test_a_daemon_ends_cleanly(self):
        alice, _ = self.club()
        self.assertEqual(alice.stop(), 0)
        self.assertFalse((alice.home / "moot.sock").exists())


if __name__ == "__main__":
    peers.main()
