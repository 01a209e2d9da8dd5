#!/usr/bin/env python3
"""Open tickets: coming in by one, using one twice at once, withdrawing it, who stands and falls with whom."""
import unittest

import peers


class Tickets(peers.Case):
    def club(self):
        alice = self.device("alice")
        alice.ok("group", "create", "club")
        alice.serve()
        return alice

    def open_ticket(self, device, *options):
        answer = device.ok("ticket", "club", "--level", "member", *options, "--json").json()
        self.assertTrue(answer["ticket"].startswith("moot2"))
        self.assertLessEqual(len(answer["ticket"]), 400)
        self.assertEqual(answer["level"], "member")
        return answer

    def members(self, device):
        return {m["key"]: m for m in device.ok("members", "club", "--json").json()["members"]}

    def test_whoever_holds_the_ticket_comes_in_under_it(self):
        alice, bob = self.club(), self.device("bob")
        ticket = self.open_ticket(alice, "--label", "tuesday")
        joined = bob.ok("group", "join", ticket["ticket"], "--json").json()
        self.assertEqual(len(joined["link"]), 64)
        bob.ok("post", "club", "hello")
        bob.ok("sync", "club", alice.address)
        self.assertIn("hello", alice.ok("log", "club").out)
        members = self.members(alice)
        self.assertEqual(members[bob.key]["level"], "member")
        self.assertEqual((members[bob.key]["under"], members[bob.key]["person"]), (ticket["key"], alice.key))
        self.assertEqual((members[ticket["key"]]["under"], members[alice.key]["under"]), (alice.key, None))
        told = alice.ok("ticket", "list", "club", "--json").json()["tickets"]
        self.assertEqual([(t["label"], t["open"], [u["key"] for u in t["uses"]]) for t in told],
                         [("tuesday", True, [bob.key])])
        tree = alice.ok("members", "club").out.splitlines()
        self.assertEqual([len(line) - len(line.lstrip()) for line in tree], [0, 2, 4])
        self.assertEqual(alice.ok("equivocations", "club", "--json").json()["equivocations"], [])

    def test_the_home_keeps_no_secret_and_bob_none_either(self):
        alice, bob = self.club(), self.device("bob")
        ticket = self.open_ticket(alice)["ticket"]
        bob.ok("group", "join", ticket)
        raw = peers.base64.urlsafe_b64decode(ticket[5:] + "=" * (-len(ticket[5:]) % 4))
        secret = raw[65:97]
        for home in (alice.home, bob.home):
            for path in home.rglob("*"):
                if path.is_file():
                    content = path.read_bytes()
                    self.assertNotIn(secret, content, path)
                    self.assertNotIn(secret.hex().encode(), content, path)
                    self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_one_ticket_lets_in_several_one_after_the_other(self):
        alice = self.club()
        ticket = self.open_ticket(alice)["ticket"]
        guests = [self.device(name) for name in ("bob", "cat", "dan")]
        for guest in guests:
            guest.ok("group", "join", ticket)
        self.assertEqual(set(self.members(alice)) & {g.key for g in guests}, {g.key for g in guests})
        self.assertEqual(alice.ok("equivocations", "club", "--json").json()["equivocations"], [])

    def test_a_ticket_used_twice_at_once_lets_both_in_and_accuses_nobody(self):
        alice = self.club()
        plain = alice.ok("ticket", "club", "--json").json()["ticket"]
        eve = self.device("eve")
        alice.knows(eve)
        alice.ok("member", "add", "club", "eve")
        ticket = self.open_ticket(alice)["ticket"]
        eve.ok("group", "join", plain)
        # From now on alice and eve do not meet: each lets in one guest by the same ticket.
        eve.serve()
        raw = peers.ticket_at(ticket, eve.key, eve.address)
        bob, cat = self.device("bob"), self.device("cat")
        bob.ok("group", "join", ticket)
        cat.ok("group", "join", raw)
        eve.ok("sync", "club", alice.address)
        for device in (alice, eve):
            members = self.members(device)
            self.assertEqual([members[k]["level"] for k in (bob.key, cat.key)], ["member", "member"])
            forks = device.ok("equivocations", "club", "--json").json()["equivocations"]
            self.assertEqual([(f["ticket"], f["kinds"]) for f in forks], [(True, ["link", "link"])])
            self.assertIn("used twice at once", device.ok("equivocations", "club").out)
            self.assertEqual(device("status", "--exit-code").code, 0)
        cat.ok("post", "club", "both of us")
        cat.ok("sync", "club", alice.address)
        self.assertIn("both of us", alice.ok("log", "club").out)

    def test_withdrawing_shows_and_takes_who_came_in_and_an_add_keeps_them(self):
        alice = self.club()
        ticket = self.open_ticket(alice, "--label", "t")
        bob, cat, dan = self.device("bob"), self.device("cat"), self.device("dan")
        for guest in (bob, cat):
            guest.ok("group", "join", ticket["ticket"])
        alice.ok("member", "add", "club", cat.key)
        for dry in (["--dry-run"], []):
            told = alice.ok("ticket", "withdraw", "club", "t", *dry, "--json").json()
            self.assertEqual(told["dry_run"], bool(dry))
            out = {c["key"]: c["with"] for c in told["changes"] if c["after"] is None}
            self.assertEqual(out, {ticket["key"]: None, bob.key: ticket["key"]})
        members = self.members(alice)
        self.assertEqual((cat.key in members, bob.key in members), (True, False))
        self.fails(dan("group", "join", ticket["ticket"], "--json"), 2, "bad_ticket")
        self.assertEqual(dan.ok("group", "list", "--json").json()["groups"], [])
        told = alice.ok("ticket", "list", "club", "--json").json()["tickets"]
        self.assertEqual([t["open"] for t in told], [False])
        self.fails(alice("ticket", "withdraw", "club", "unheard", "--json"), 1, "not_found")

    def test_who_came_in_by_a_ticket_falls_with_the_inviter(self):
        alice, bob, cat = self.club(), self.device("bob"), self.device("cat")
        alice.knows(bob)
        alice.ok("member", "add", "club", "bob", "--level", "moderator")
        bob.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        bob.serve()
        ticket = self.open_ticket(bob)
        cat.ok("group", "join", ticket["ticket"])
        cat.ok("sync", "club", alice.address)
        told = alice.ok("member", "remove", "club", "bob", "--dry-run", "--json").json()
        gone = {c["key"]: c["with"] for c in told["changes"]}
        self.assertEqual(gone, {bob.key: None, ticket["key"]: bob.key, cat.key: bob.key})

    def test_what_a_ticket_cannot_give_is_refused_and_nothing_is_signed(self):
        alice, bob = self.club(), self.device("bob")
        self.fails(alice("ticket", "club", "--level", "founder", "--json"), 2, "usage")
        self.fails(alice("ticket", "club", "--level", "5", "--json"), 2, "usage")
        self.fails(alice("ticket", "club", "--level", "member", "--address", "nowhere", "--json"), 2, "usage")
        self.fails(alice("ticket", "club", "--dry-run", "--json"), 2, "usage")
        told = alice.ok("ticket", "club", "--level", "member", "--dry-run", "--json").json()
        self.assertEqual((told["ticket"], len(told["changes"])), (None, 1))
        self.assertEqual(len(alice.ok("log", "club", "--json").lines()), 1)
        self.assertEqual(alice.ok("ticket", "list", "club", "--json").json()["tickets"], [])
        bob.ok("group", "join", self.open_ticket(alice)["ticket"])
        self.fails(bob("ticket", "club", "--level", "admin", "--json"), 30, "access_granted_level_too_high")
        self.open_ticket(alice, "--label", "once")
        self.fails(alice("ticket", "club", "--level", "member", "--label", "once", "--json"), 1, "already_exists")

    def test_a_join_that_broke_off_is_gone_on_with(self):
        alice, bob = self.club(), self.device("bob")
        ticket = self.open_ticket(alice)["ticket"]
        bob.ok("group", "join", ticket)
        again = bob.ok("group", "join", ticket, "--json").json()
        self.assertIsNone(again["link"])
        self.assertEqual(list(self.members(alice)).count(bob.key), 1)


if __name__ == "__main__":
    peers.main()
