#!/usr/bin/env python3
"""A store is damaged behind the program's back: found, repaired, and filled again by a sync."""
import json
import os
import random
import subprocess
import time

import peers

KILLS = int(os.environ.get("MOOT_KILLS", "40"))


class Repair(peers.Case):
    def pair(self, posts=12):
        alice, bob = self.device("alice"), self.device("bob")
        alice.knows(bob)
        alice.ok("group", "create", "club")
        alice.ok("member", "add", "club", "bob")
        alice.serve()
        bob.ok("group", "join", alice.ok("ticket", "club", "--json").json()["ticket"])
        for i in range(posts):
            alice.ok("post", "club", "-", text=f"alice {i}")
            bob.ok("post", "club", "-", text=f"bob {i}")
        bob.ok("sync", "club", alice.address)
        return alice, bob

    def store(self, device):
        return next((device.home / "groups").glob("*.db"))

    def flip(self, device, op_hex):
        """One bit of the body of an op; its id stands in its row right before signature and body."""
        path = self.store(device)
        data = bytearray(path.read_bytes())
        at = data.find(bytes.fromhex(op_hex))
        self.assertGreater(at, 0)
        data[at + 32 + 64 + 20] ^= 1
        path.write_bytes(data)

    def test_what_is_sound_is_left_alone_in_every_mode(self):
        _, bob = self.pair(2)
        for mode in ([], ["--quick"], ["--full"], ["--connectivity-only"], ["--repair"]):
            report = bob.ok("fsck", "--json", *mode).json()
            self.assertFalse(report["damaged"] or report["repaired"], report)
            self.assertEqual([group["faults"] for group in report["groups"]], [[]])
            self.assertGreater(report["groups"][0]["ops"], 4)
        self.assertEqual(len(list((bob.home / "groups").glob("*damaged*"))), 0)
        self.fails(bob("fsck", "--quick", "--full", "--json"), 2, "usage")

    def test_damaged_own_ops_are_set_aside_and_fetched_before_anything_is_signed(self):
        alice, bob = self.pair()
        log = bob.ok("log", "club", "--json").lines()
        own = [op for op in log if op.get("text", "").startswith("bob ")]
        self.flip(bob, own[len(own) // 2]["id"])
        self.assertEqual(bob("fsck", "--json").code, 40)
        self.assertTrue(bob("fsck", "--json").json()["damaged"])

        done = bob("fsck", "--repair", "--json")
        self.assertEqual(done.code, 0, done.out + done.err)
        group = done.json()["groups"][0]
        self.assertTrue(done.json()["repaired"] and group["damaged"])
        self.assertIn(own[len(own) // 2]["id"], group["repair"]["to_fetch"])
        self.assertGreater(group["repair"]["kept"], 4)
        self.assertTrue(os.path.exists(group["repair"]["kept_aside_as"]))

        refused = bob("post", "club", "-", "--json", text="too early")
        self.assertNotEqual(refused.code, 0)
        self.assertEqual(refused.error()["name"], "not_synced")
        bob.ok("sync", "club", alice.address)
        again = bob.ok("log", "club", "--json").lines()
        self.assertEqual(sorted(op["id"] for op in again), sorted(op["id"] for op in log))
        bob.ok("post", "club", "-", text="later")
        bob.ok("sync", "club", alice.address)
        for device in (alice, bob):
            self.assertEqual(device.ok("equivocations", "club", "--json").json()["equivocations"], [])
        self.assertEqual(bob("fsck", "--full").code, 0)

    def test_a_store_without_its_start_is_filled_from_nothing(self):
        alice, bob = self.pair(3)
        log = bob.ok("log", "club", "--json").lines()
        path = self.store(bob)
        path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:])
        self.assertEqual(bob("fsck").code, 40)
        bob.ok("fsck", "--repair")
        bob.ok("sync", path.stem[:12], alice.address)
        self.assertEqual(len(bob.ok("log", "club", "--json").lines()), len(log))
        bob.ok("post", "club", "-", text="here again")

    def test_an_interrupted_repair_is_finished(self):
        _, bob = self.pair(2)
        path = self.store(bob)
        path.rename(str(path) + ".repair")
        self.fails(bob("fsck", "--json"), 40, "store_damaged")
        bob.ok("fsck", "--repair")
        bob.ok("log", "club")

    def test_posts_that_are_killed_lose_nothing_said_to_be_there_and_fork_nothing(self):
        alice = self.device("alice")
        alice.ok("group", "create", "club")
        start = time.monotonic()
        alice.ok("post", "club", "-", text="how long it takes")
        whole = time.monotonic() - start
        chance = random.Random(5)
        said = []
        for i in range(KILLS):
            command = [peers.MOOT, "--home", str(alice.home), "post", "club", "-", "--json"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
            process.stdin.write(b"post %d" % i)
            process.stdin.close()
            time.sleep(chance.uniform(0, 1.5 * whole))
            process.kill()
            out = process.stdout.read().decode()
            process.stdout.close()
            process.wait()
            if out.endswith("\n"):
                said.append(json.loads(out)["op"])
        held = [op["id"] for op in alice.ok("log", "club", "--json").lines()]
        self.assertEqual([op for op in said if op not in held], [])
        self.assertGreater(len(said), 0)
        self.assertEqual(alice.ok("equivocations", "club", "--json").json()["equivocations"], [])
        alice.ok("fsck", "--full")

    def test_a_daemon_keeps_its_groups(self):
        alice, _ = self.pair(1)
        self.fails(alice("fsck", "--repair", "--json"), 11, "store_locked")


if __name__ == "__main__":
    peers.main()
